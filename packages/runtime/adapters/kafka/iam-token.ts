/** Code of the error for missing AWS credentials. */
export const NO_IAM_TOKEN = 'ERR_NO_IAM_TOKEN'

/**
 * Creates a token for a listener with IAM authentication: a request for `kafka-cluster:Connect`, signed with the AWS credentials of
 * this process and valid for at most 15 minutes (https://docs.aws.amazon.com/msk/latest/developerguide/iam-access-control.html).
 * The signer is loaded on first use.
 *
 * @throws Error with the code NO_IAM_TOKEN if there are no credentials
 */
export async function iamToken(region: string): Promise<{ value: string }> {
  // Bundles that share code have a CommonJS module only as the default export.
  const { default: signer } = await import('aws-msk-iam-sasl-signer-js').catch(cause => {
    throw new Error('IAM needs a package that is not installed: npm install aws-msk-iam-sasl-signer-js', {
      cause,
    })
  })
  const { token } = await signer.generateAuthToken({ region }).catch((error: Error) => {
    const message = `it needs AWS credentials, with which IAM signs in: ${error.message}`
    throw Object.assign(new Error(message, { cause: error }), { code: NO_IAM_TOKEN })
  })
  return { value: token }
}
