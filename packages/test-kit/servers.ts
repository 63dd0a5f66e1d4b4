/**
 * Addresses of the servers that the test runner started. A test without its server fails, because a skipped test would look like a
 * success.
 */

export function brokers(): string[] {
  return required('KAFKA_BROKERS').split(',')
}

export function redisUrl(): string {
  return required('REDIS_URL')
}

export function awsEndpoint(): string {
  return required('AWS_ENDPOINT_URL')
}

function required(name: string): string {
  const value = process.env[name]
  if (!value)
    throw new Error(`${name} is not set: run \`npm test\`, or start the servers with \`npm run services\``)
  return value
}
