import type { AwsPlace } from '../../lib/runtime/adapters/aws/clients.ts'
import type { Environment } from '../../lib/runtime/settings/slice.ts'

/**
 * Where AWS is: what the running stack or the variables name. Credentials are passed on only to a local cloud; in an account, the
 * SDK finds them itself, in all the places where they can be.
 */
export function awsPlace(environment: Environment): AwsPlace {
  const { AWS_ENDPOINT_URL: endpoint, AWS_REGION: region } = environment
  const { AWS_ACCESS_KEY_ID = 'test', AWS_SECRET_ACCESS_KEY = 'test' } = environment
  if (!endpoint) return region ? { region } : {}
  return {
    endpoint,
    region: region || 'us-east-1',
    credentials: { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY },
  }
}
