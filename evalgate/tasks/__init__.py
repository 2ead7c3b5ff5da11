"""What turns an example's input into an output: prompt, python, command, http."""
