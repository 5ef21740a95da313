"""Pure rules of the lanes: values in, values out."""
