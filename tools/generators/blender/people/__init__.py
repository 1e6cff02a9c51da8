"""People: bodies that vary in sex, age and build, in clothes and poses, from the CC0 data of MakeHuman."""
