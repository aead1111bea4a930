"""The ground of every other room: errors, words, columns, periods and files. It imports none."""
