//! The functions of the area `inventory`, as deployed: their binaries, over the Lambda Runtime API.
