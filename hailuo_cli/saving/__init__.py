"""From a link to a file with its final name: `download` is the way in, `naming` says what the file is called."""
