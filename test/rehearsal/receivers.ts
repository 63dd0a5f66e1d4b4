/** Receivers of notifications: a queue that is subscribed to the topic, and a local webhook. */
import { type HttpServer, startHttpServer } from '@sluice/test-kit/http-server'
import { alertsTopicName } from '../../lib/app/naming/resource-names.ts'
import { ACCOUNT, type Emulator, REGION } from './emulator/requests.ts'

const QUEUE = 'rehearsal-subscriber'
const SECRET = 'rehearsal'

/** Returns the files of the deployed project: without waits, so that notifications follow with the next tick. */
export function notificationFiles(): Readonly<Record<string, string>> {
  return {
    'config/notifications/receivers.yaml': `receivers:
  - { name: sns, kind: sns }
  - { name: hook, kind: webhook, secret: ${SECRET}, allowPrivate: true }
`,
    'config/notifications/routes.yaml': `routes:
  - { name: all, groupWait: 0s, receivers: [sns, hook] }
`,
  }
}

export class Receivers {
  readonly #emulator: Emulator
  readonly #queueUrl: string
  #server: HttpServer | undefined
  /** The signatures of what the webhook got. */
  readonly hooked: string[] = []
  /** How many messages came by way of the topic. */
  queued = 0

  private constructor(emulator: Emulator, queueUrl: string) {
    this.#emulator = emulator
    this.#queueUrl = queueUrl
  }

  /** The topic of this environment must exist. */
  static async subscribe(emulator: Emulator, env: string): Promise<Receivers> {
    const { QueueUrl } = await emulator.json('sqs', 'CreateQueue', { QueueName: QUEUE })
    const receivers = new Receivers(emulator, String(QueueUrl))
    await receivers.#listen(env)
    await emulator.query('sns', 'Subscribe', {
      TopicArn: `arn:aws:sns:${REGION}:${ACCOUNT}:${alertsTopicName(env)}`,
      Protocol: 'sqs',
      Endpoint: `arn:aws:sqs:${REGION}:${ACCOUNT}:${QUEUE}`,
    })
    return receivers
  }

  /** Takes what is in the queue. */
  async receive(): Promise<void> {
    const request = { QueueUrl: this.#queueUrl, MaxNumberOfMessages: 10 }
    const { Messages } = await this.#emulator.json('sqs', 'ReceiveMessage', request)
    for (const { ReceiptHandle } of (Messages ?? []) as { readonly ReceiptHandle: string }[]) {
      this.queued += 1
      await this.#emulator.json('sqs', 'DeleteMessage', { QueueUrl: this.#queueUrl, ReceiptHandle })
    }
  }

  close(): void {
    void this.#server?.close()
  }

  async #listen(env: string): Promise<void> {
    this.#server = await startHttpServer((request, response) => {
      this.hooked.push(String(request.headers['webhook-signature'] ?? ''))
      request.resume()
      response.end()
    })
    const signingSecret = `whsec_${Buffer.from('a rehearsal signs as well').toString('base64')}`
    await this.#emulator.json('secretsmanager', 'CreateSecret', {
      Name: `sluice/${env}/receivers/${SECRET}`,
      SecretString: JSON.stringify({ url: `${this.#server.url}/`, signingSecret }),
    })
  }
}
