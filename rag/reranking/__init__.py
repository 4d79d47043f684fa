"""Question and passages -> how well each passage answers: a second, slower look at the best ones found."""
