"""Who is told of a verdict elsewhere, beside reports and Phoenix: a channel, MLflow. Nobody waits for them."""
