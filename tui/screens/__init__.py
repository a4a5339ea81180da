"""The screens, one file each, and the dialogs that lie over them."""
