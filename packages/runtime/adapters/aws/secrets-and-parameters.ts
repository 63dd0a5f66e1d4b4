/** Reads secrets and parameters from AWS. The SDK is loaded on first use. */

/** Endpoint and region of AWS, or of an emulator. */
export interface AwsPlace {
  readonly endpoint?: string
  readonly region?: string
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

/**
 * Returns the JSON document in a secret.
 *
 * @param access endpoint and region of AWS; by default, the SDK reads them from environment variables
 */
export async function readSecret(name: string, access: AwsPlace = {}): Promise<Record<string, unknown>> {
  const { SecretsManagerClient, GetSecretValueCommand } = await import('@aws-sdk/client-secrets-manager')
  const request = new SecretsManagerClient(access).send(new GetSecretValueCommand({ SecretId: name }))
  const answer = await request.catch(unreadable(`secret ${name}`))
  return parseJsonObject(`secret ${name}`, answer.SecretString)
}

/** Returns the text of a parameter. */
export async function readParameter(name: string): Promise<string> {
  const { SSMClient, GetParameterCommand } = await import('@aws-sdk/client-ssm')
  const request = new SSMClient().send(new GetParameterCommand({ Name: name, WithDecryption: true }))
  const answer = await request.catch(unreadable(`parameter ${name}`))
  return answer.Parameter?.Value ?? ''
}

function unreadable(what: string) {
  return (error: Error): never => {
    throw new Error(`${what} cannot be read: ${error.message || error.name}`, { cause: error })
  }
}

/** Parses a JSON object. Error messages never contain the text, because it may be a secret. */
function parseJsonObject(where: string, text: string | undefined): Record<string, unknown> {
  try {
    const document: unknown = JSON.parse(text ?? '')
    if (typeof document === 'object' && document !== null) return document as Record<string, unknown>
  } catch {
    // The error below omits the parser's message, which quotes the text.
  }
  throw new Error(`${where}: not a JSON object`)
}
