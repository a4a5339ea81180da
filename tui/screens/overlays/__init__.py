"""What lies over a screen for a moment: dialogs, help, pickers, the bar of a download."""
