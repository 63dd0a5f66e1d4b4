import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../../localstack/services/ports.ts'
import { PROJECT, Program } from './program.ts'

const READY = /^msk {2}ready: (\d+) of \1 event sources have joined their groups/m

/**
 * The functions of one environment as `serverless offline` runs them: real triggers and Lambda's own endpoint, on ports of
 * its own. Schedules do not fire by themselves here: a test that counts invokes the functions itself.
 */
export class Offline {
  readonly #env: string
  readonly #variables: Readonly<Record<string, string>>
  readonly #project: string
  #program: Program | undefined
  #endpoint = ''

  private constructor(env: string, variables: Readonly<Record<string, string>>, project: string) {
    this.#env = env
    this.#variables = variables
    this.#project = project
  }

  /**
   * Starts them, and waits until every function that reads from Kafka is in its group.
   *
   * @param project the folder of the project, where it is a changed copy
   */
  static async start(
    env: string,
    variables: Readonly<Record<string, string>> = {},
    project = PROJECT,
  ): Promise<Offline> {
    const offline = new Offline(env, variables, project)
    await offline.start()
    return offline
  }

  async start(): Promise<void> {
    const [http, lambda, websocket] = await Promise.all([freePort(), freePort(), freePort()])
    const ports = ['--httpPort', `${http}`, '--lambdaPort', `${lambda}`, '--websocketPort', `${websocket}`]
    this.#endpoint = `http://127.0.0.1:${lambda}/2015-03-31/functions`
    this.#program = new Program('serverless', ['offline', ...ports], {
      cwd: this.#project,
      env: {
        // Somebody may edit the project while its tests run.
        SLUICE_WATCH: 'off',
        ...this.#variables,
        SLUICE_ENV: this.#env,
        SLUICE_BUILD_DIR: this.buildDir,
        SLUICE_SCHEDULES: 'off',
        LOG_LEVEL: 'WARN',
      },
    })
    await this.#program.says(READY)
  }

  /** What it has written since its start. */
  get output(): string {
    return this.#program?.output ?? ''
  }

  /** Waits for a line that it writes. */
  async says(line: RegExp): Promise<void> {
    await this.#program?.says(line)
  }

  /** Invokes a function through Lambda's endpoint; fails where the handler throws. */
  async invoke<T = unknown>(name: string, payload: unknown = {}): Promise<T> {
    const response = await fetch(`${this.#endpoint}/sluice-local-${name}/invocations`, {
      method: 'POST',
      body: JSON.stringify(payload),
    })
    const answer = await response.json()
    // The endpoint answers 200 for a handler's error, too.
    if (!response.ok || response.headers.has('x-amz-function-error'))
      throw new Error(`${name} failed: ${JSON.stringify(answer)}`)
    return answer as T
  }

  /** Ends all of it at once, in the middle of whatever it does. */
  async kill(): Promise<void> {
    this.#program?.signal('SIGKILL')
    await this.#program?.ended
  }

  async stop(): Promise<void> {
    this.#program?.signal('SIGTERM')
    await this.#program?.ended
    // The runner shows what a file wrote where one of its tests failed.
    process.stderr.write(this.output)
    await rm(join(this.#project, this.buildDir), { recursive: true, force: true })
  }

  /** Where the bundles lie until the end: inside the project, where they find the AWS SDK. */
  get buildDir(): string {
    return `.local/test-bundles/${this.#env}`
  }
}
