"""What people may ask for their own sake: faces made unrecognisable, photos forgotten."""
