import { installed } from '../support/aws.ts'
import { AccessError } from './access-error.ts'

const SIGNER = 'aws-msk-iam-sasl-signer-js'

/** Makes a token for a listener of MSK with IAM: a signed request, valid for fifteen minutes. @throws AccessError without credentials */
export async function iamToken(region: string): Promise<{ value: string }> {
  const { generateAuthToken } = await installed(() => import('aws-msk-iam-sasl-signer-js'), SIGNER)
  try {
    const { token } = await generateAuthToken({ region })
    return { value: token }
  } catch (error) {
    throw new AccessError(
      `custom.mskTrigger.sasl: aws-msk-iam signs in with AWS credentials: ${(error as Error).message}`,
      { cause: error },
    )
  }
}

/** The region in the name of a broker of MSK: `b-1.….kafka.eu-west-1.amazonaws.com:9098`. */
export function regionOf(brokers: readonly string[]): string | undefined {
  const named = brokers.map(
    broker => /\.kafka(?:-serverless)?\.([a-z0-9-]+)\.amazonaws\.com/.exec(broker)?.[1],
  )
  return named.find(region => region !== undefined)
}
