"""A claim and passages -> a verdict, and the words it rests on."""
