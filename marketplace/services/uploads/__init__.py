"""One way in for every uploaded file: slot → name, bytes, structure agree → opened in a confined
process → pictures made anew → scanner → storage. Rows and rights are in ``services.files``."""
