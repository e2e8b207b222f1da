"""The corpus in the forms that trainers read; each form is a class with `write(output, folder)`."""
