import process from 'node:process'
import type { Destination } from '../config/destination-setting.ts'
import { withoutLogin } from '../support/config-values.ts'

/** AWS services that the trigger calls, each with the SDK's environment variable for the address of a local emulator. */
const ENDPOINT_VARIABLES = {
  sqs: 'AWS_ENDPOINT_URL_SQS',
  sns: 'AWS_ENDPOINT_URL_SNS',
  s3: 'AWS_ENDPOINT_URL_S3',
} as const

/** Environment variable for services without a specific variable. */
const COMMON_VARIABLE = 'AWS_ENDPOINT_URL'

type AwsKind = Exclude<Destination['kind'], 'kafka'>

/** Sends a payload. For S3, `key` is the key of the object. */
export type SendPayload = (payload: string, key?: string) => Promise<unknown>

/**
 * Time limit of a request, in milliseconds. Without it, a server that accepts a request but never responds would block the
 * partitions without any log line.
 */
const TAKEN_WITHIN_MS = 10_000
const inTime = () => ({ abortSignal: AbortSignal.timeout(TAKEN_WITHIN_MS) })

/**
 * Returns a function that sends payloads to the resource. The SDK is loaded on demand, because few projects need it. It must not
 * retry, because the delivery itself retries and logs every attempt.
 *
 * @throws Error if no emulator endpoint is configured, because discarded records must not be sent to a real AWS account
 */
export async function awsPut(kind: AwsKind, arn: string): Promise<SendPayload> {
  const endpoint = awsEndpoint(kind, `nothing is sent to ${arn}: the trigger does not access the cloud`)
  const config = { endpoint, region: awsRegion(arn), maxAttempts: 1, ...awsCredentials() }
  const put = await SENDERS[kind](arn, config)
  const refuse = (cause: Error): never => {
    throw new Error(explainRefusal(kind, arn, withoutLogin(endpoint), cause), { cause })
  }
  return (...of) => put(...of).catch(refuse)
}

/** Commands of the AWS CLI that create a resource. */
const CREATE = { sqs: 'sqs create-queue --queue-name ', sns: 'sns create-topic --name ', s3: 's3 mb s3://' }

/** Returns the message of an error, with the place that was asked. If the resource is missing there, also how to create it. */
export function explainRefusal(kind: AwsKind, arn: string, endpoint: string, error: Error): string {
  // The ARN of a bucket names no account: that of the credentials is asked.
  const [account, name] = arn.split(':').slice(-2)
  const region = awsRegion(arn)
  const asked = `${(error.message || error.name).replace(/\.$/, '')} (asked: ${account ? `account ${account}, ` : ''}region ${region}, ${endpoint})`
  if (!/QueueDoesNotExist|NonExistentQueue|^NotFound|NoSuchBucket/.test(error.name)) return asked
  const credentials = `AWS_ACCESS_KEY_ID=${account || 'test'} AWS_SECRET_ACCESS_KEY=test`
  return `${asked}. To create it: ${credentials} aws --endpoint-url ${endpoint} --region ${region} ${CREATE[kind]}${name}`
}

const SENDERS: Readonly<
  Record<
    AwsKind,
    (arn: string, config: { readonly endpoint: string; readonly region: string }) => Promise<SendPayload>
  >
> = {
  async sqs(arn, config) {
    const sdk = await loadPackage(() => import('@aws-sdk/client-sqs'), '@aws-sdk/client-sqs')
    // Send requests to the endpoint, because the host in the queue's URL may differ from it.
    const client = new sdk.SQSClient({ ...config, useQueueUrlAsEndpoint: false })
    const [QueueOwnerAWSAccountId, QueueName] = arn.split(':').slice(-2)
    return async MessageBody => {
      const request = new sdk.GetQueueUrlCommand({ QueueName, QueueOwnerAWSAccountId })
      const { QueueUrl } = await client.send(request, inTime())
      return client.send(new sdk.SendMessageCommand({ QueueUrl, MessageBody }), inTime())
    }
  },
  async sns(TopicArn, config) {
    const sdk = await loadPackage(() => import('@aws-sdk/client-sns'), '@aws-sdk/client-sns')
    const client = new sdk.SNSClient(config)
    return Message => client.send(new sdk.PublishCommand({ TopicArn, Message }), inTime())
  },
  async s3(arn, config) {
    const sdk = await loadPackage(() => import('@aws-sdk/client-s3'), '@aws-sdk/client-s3')
    const client = new sdk.S3Client({ ...config, forcePathStyle: true })
    const Bucket = arn.slice(arn.lastIndexOf(':') + 1)
    return (Body, Key) =>
      client.send(new sdk.PutObjectCommand({ Bucket, Key, Body, ContentType: 'application/json' }), inTime())
  },
}

type AwsService = keyof typeof ENDPOINT_VARIABLES

/**
 * Returns the address of the emulator of a service.
 *
 * @throws Error if no address is configured, because a local run must not access an AWS account unintentionally
 */
function awsEndpoint(service: AwsService, otherwise: string): string {
  const own = ENDPOINT_VARIABLES[service]
  const variable = process.env[own] ? own : COMMON_VARIABLE
  const address = process.env[variable]
  if (!address) throw new Error(`neither ${own} nor ${COMMON_VARIABLE} is set, so ${otherwise}`)
  if (/^https?:$/.test(URL.parse(address)?.protocol ?? '')) return address
  throw new Error(`${variable} must be an address like http://127.0.0.1:4566, with http:// or https://`)
}

/** Returns the region in an ARN. If the ARN contains none, like the ARN of a bucket, returns the region of the environment. */
function awsRegion(arn: string): string {
  const named = arn.startsWith('arn:') ? arn.split(':')[3] : undefined
  return named || process.env.AWS_REGION || process.env.AWS_DEFAULT_REGION || 'us-east-1'
}

/** Returns dummy credentials. The SDK requires credentials, but a local server does not check them. */
function awsCredentials() {
  if (process.env.AWS_ACCESS_KEY_ID || process.env.AWS_PROFILE) return {}
  return { credentials: { accessKeyId: 'test', secretAccessKey: 'test' } }
}

/** Loads an optional package. @throws Error with installation instructions if the package is not installed */
async function loadPackage<T>(load: () => Promise<T>, name: string): Promise<T> {
  try {
    return await load()
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new Error(`${name} is missing: npm install --save-dev ${name}`)
  }
}
