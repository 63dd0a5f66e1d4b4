import app


def handler(event, context):
    return app.echo(event, context)
