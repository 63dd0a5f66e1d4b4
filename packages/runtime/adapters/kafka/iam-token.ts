/** Code of the error without AWS credentials. */
export const NO_IAM_TOKEN = 'ERR_NO_IAM_TOKEN'

/**
 * Makes a token for a listener with IAM: a request to `kafka-cluster:Connect`, signed with the AWS credentials of this process, for fifteen
 * minutes at most (https://docs.aws.amazon.com/msk/latest/developerguide/iam-access-control.html). The signer is loaded on first use.
 *
 * @throws Error with the code NO_IAM_TOKEN without credentials
 */
export async function iamToken(region: string): Promise<{ value: string }> {
  const { generateAuthToken } = await import('aws-msk-iam-sasl-signer-js').catch(cause => {
    throw new Error('IAM needs a package that is not installed: npm install aws-msk-iam-sasl-signer-js', {
      cause,
    })
  })
  const { token } = await generateAuthToken({ region }).catch((error: Error) => {
    const message = `it needs AWS credentials, with which IAM signs in: ${error.message}`
    throw Object.assign(new Error(message, { cause: error }), { code: NO_IAM_TOKEN })
  })
  return { value: token }
}
