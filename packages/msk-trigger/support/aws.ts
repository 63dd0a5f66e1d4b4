import process from 'node:process'

/** AWS services that the trigger calls, each with the SDK's environment variable for the address of a local emulator. */
const ENDPOINT_VARIABLES = {
  sqs: 'AWS_ENDPOINT_URL_SQS',
  sns: 'AWS_ENDPOINT_URL_SNS',
  s3: 'AWS_ENDPOINT_URL_S3',
} as const

/** Environment variable for services without a specific variable. */
const COMMON_VARIABLE = 'AWS_ENDPOINT_URL'

type AwsService = keyof typeof ENDPOINT_VARIABLES

/**
 * Returns the address of the emulator of a service.
 *
 * @throws Error if no address is configured, because a local run must not access an AWS account unintentionally
 */
export function awsEndpoint(service: AwsService, otherwise: string): string {
  const own = ENDPOINT_VARIABLES[service]
  const variable = process.env[own] ? own : COMMON_VARIABLE
  const address = process.env[variable]
  if (!address) throw new Error(`neither ${own} nor ${COMMON_VARIABLE} is set, so ${otherwise}`)
  if (/^https?:$/.test(URL.parse(address)?.protocol ?? '')) return address
  throw new Error(`${variable} must be an address like http://127.0.0.1:4566, with http:// or https://`)
}

/** Returns the region in an ARN. If the ARN contains none, like the ARN of a bucket, returns the region of the environment. */
export function awsRegion(arn: string): string {
  const named = arn.startsWith('arn:') ? arn.split(':')[3] : undefined
  return named || process.env.AWS_REGION || process.env.AWS_DEFAULT_REGION || 'us-east-1'
}

/** Returns dummy credentials. The SDK requires credentials, but a local server does not check them. */
export function awsCredentials() {
  if (process.env.AWS_ACCESS_KEY_ID || process.env.AWS_PROFILE) return {}
  return { credentials: { accessKeyId: 'test', secretAccessKey: 'test' } }
}

/** Loads an optional package. @throws Error with installation instructions if the package is not installed */
export async function loadPackage<T>(load: () => Promise<T>, name: string): Promise<T> {
  try {
    return await load()
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new Error(`${name} is missing: npm install --save-dev ${name}`)
  }
}
