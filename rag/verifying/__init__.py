"""Claims and passages -> a verdict on each claim and the words it rests on: `protocol`; `rules`, whose `decide` decides."""
