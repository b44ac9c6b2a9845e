"""The words of graphkit as frozen values: no input, no output, no clock."""
