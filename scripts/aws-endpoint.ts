import type { AwsPlace } from '#runtime/functions/connections'
import type { Environment } from '#runtime/settings'

/**
 * Returns the endpoint of the AWS services. It is the endpoint of the running stack, AWS_ENDPOINT_URL, or LocalStack at AWS_PORT.
 * Credentials are set only for a local cloud. In an account, the SDK finds them itself.
 */
export function awsPlace(environment: Environment): AwsPlace {
  const { AWS_ENDPOINT_URL, AWS_PORT, AWS_REGION: region } = environment
  const endpoint = AWS_ENDPOINT_URL || (AWS_PORT && `http://127.0.0.1:${AWS_PORT}`)
  const { AWS_ACCESS_KEY_ID = 'test', AWS_SECRET_ACCESS_KEY = 'test' } = environment
  if (!endpoint) return region ? { region } : {}
  return {
    endpoint,
    region: region || 'us-east-1',
    credentials: { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY },
  }
}
