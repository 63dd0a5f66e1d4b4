/** CloudFormation from the perspective of a custom resource: it invokes the function, which sends its response to a URL. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Context } from 'aws-lambda'
import type { Environment } from '#runtime/settings/slice.ts'
import type { ResourceRequest } from '../../lib/operations/deployment/request.ts'
import { createTopicsResource } from '../../lib/operations/deployment/topics-resource.ts'

interface ResourceAnswer {
  readonly Status: 'SUCCESS' | 'FAILED'
  readonly Reason?: string
  readonly PhysicalResourceId: string
}

interface WrittenAnswer {
  readonly method: string | undefined
  readonly contentType: string | undefined
  readonly answer: ResourceAnswer
}

/** Time limit of an invocation, in milliseconds. */
const INVOCATION_MS = 300_000

export class CloudFormation {
  /** Responses in the order in which the function has written them. */
  readonly written: WrittenAnswer[] = []
  /** Number of responses to reject before responses are accepted. */
  refusing = 0
  readonly #server: Server
  readonly #properties: Readonly<Record<string, unknown>>
  #packagedAt = 0

  private constructor(server: Server, properties: Readonly<Record<string, unknown>>) {
    this.#server = server
    this.#properties = properties
  }

  /** Starts the server. @param properties resource properties for all requests */
  static async start(properties: Readonly<Record<string, unknown>>): Promise<CloudFormation> {
    const server = createServer()
    const cloudFormation = new CloudFormation(server, properties)
    server.on('request', async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk)
      const isRefused = cloudFormation.refusing-- > 0
      const { method, headers } = request
      if (!isRefused)
        cloudFormation.written.push({
          method,
          contentType: headers['content-type'],
          answer: JSON.parse(String(Buffer.concat(chunks))),
        })
      response.writeHead(isRefused ? 503 : 200).end()
    })
    await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
    return cloudFormation
  }

  /**
   * Invokes the function, and returns the response that the function has written.
   *
   * @param isRollback true if an older package replaces a newer one
   */
  async ask(
    RequestType: ResourceRequest['RequestType'],
    environment: Environment,
    { isRollback = false, remainingMs = INVOCATION_MS } = {},
  ): Promise<ResourceAnswer> {
    this.#packagedAt += 2
    const { port } = this.#server.address() as AddressInfo
    const request: ResourceRequest = {
      RequestType,
      RequestId: `r${this.#packagedAt}`,
      StackId: 'arn:aws:cloudformation:us-east-1:000000000000:stack/sluice-test/1',
      LogicalResourceId: 'SluiceTopics',
      ResponseURL: `http://127.0.0.1:${port}/answer?signature=secret`,
      ...(RequestType === 'Create' ? {} : { PhysicalResourceId: 'sluice-topics-as-created' }),
      ResourceProperties: { ...this.#properties, PackagedAt: String(this.#packagedAt) },
      ...(RequestType === 'Update'
        ? { OldResourceProperties: { PackagedAt: String(this.#packagedAt + (isRollback ? 1 : -1)) } }
        : {}),
    }
    const before = this.written.length
    const context = { getRemainingTimeInMillis: () => remainingMs } as Context
    await createTopicsResource('topics', environment)(request, context)
    const [written, ...more] = this.written.slice(before)
    if (!written || more.length > 0)
      throw new Error(`the function has answered ${this.written.length - before} times`)
    return written.answer
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(done => this.#server.close(done))
  }
}
