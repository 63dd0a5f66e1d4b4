import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../localstack/services/ports.ts'
import { PROJECT, Program } from './program.ts'

const READY = /^msk {2}ready: (\d+) of \1 event sources have joined their groups/m

/**
 * Functions of an environment under `serverless offline`, with real triggers and a Lambda endpoint on free ports. Schedules are
 * disabled, because tests that count records invoke the scheduled functions themselves.
 */
export class Offline {
  readonly #env: string
  readonly #variables: Readonly<Record<string, string>>
  readonly #project: string
  #program: Program | undefined
  #endpoint = ''
  readonly #folder = mkdtempSync(join(tmpdir(), 'sluice-offline-'))

  private constructor(env: string, variables: Readonly<Record<string, string>>, project: string) {
    this.#env = env
    this.#variables = variables
    this.#project = project
  }

  /**
   * Starts the functions, and waits until all Kafka consumers have joined their groups.
   *
   * @param project folder of a modified copy of the project
   */
  static async start(
    env: string,
    variables: Readonly<Record<string, string>> = {},
    project = PROJECT,
  ): Promise<Offline> {
    const offline = new Offline(env, variables, project)
    try {
      await offline.start()
    } catch (error) {
      // Stop the process here, because the caller has no reference to it.
      await offline.stop()
      throw error
    }
    return offline
  }

  async start(): Promise<void> {
    const [http, lambda, websocket] = await Promise.all([freePort(), freePort(), freePort()])
    const ports = ['--httpPort', `${http}`, '--lambdaPort', `${lambda}`, '--websocketPort', `${websocket}`]
    this.#endpoint = `http://127.0.0.1:${lambda}/2015-03-31/functions`
    this.#program = new Program('serverless', ['offline', ...ports], {
      cwd: this.#project,
      env: {
        // Do not reload code, because the project may be edited during its tests.
        SLUICE_WATCH: 'off',
        STORAGE_URL: `sqlite:${this.storageFile}`,
        ...this.#variables,
        SLUICE_ENV: this.#env,
        SLUICE_BUILD_DIR: this.buildDir,
        SLUICE_SCHEDULES: 'off',
        LOG_LEVEL: 'WARN',
      },
    })
    await this.#program.says(READY)
  }

  /** Output since the start. */
  get output(): string {
    return this.#program?.output ?? ''
  }

  /** Waits until a line is printed. */
  async says(line: RegExp): Promise<void> {
    await this.#program?.says(line)
  }

  /** Invokes a function through the Lambda endpoint. Rejects if the handler throws. */
  async invoke<T = unknown>(
    name: string,
    payload: unknown = {},
    headers: Readonly<Record<string, string>> = {},
  ): Promise<T> {
    const response = await fetch(`${this.#endpoint}/sluice-local-${name}/invocations`, {
      method: 'POST',
      headers,
      body: JSON.stringify(payload),
    })
    const answer = await response.json()
    // The endpoint returns 200 even if the handler fails.
    if (!response.ok || response.headers.has('x-amz-function-error'))
      throw new Error(`${name} failed: ${JSON.stringify(answer)}`)
    return answer as T
  }

  /** Kills all processes immediately. */
  async kill(): Promise<void> {
    this.#program?.signal('SIGKILL')
    await this.#program?.ended
  }

  async stop(): Promise<void> {
    this.#program?.signal('SIGTERM')
    await this.#program?.ended
    // The test runner shows the output of a file only if one of its tests failed.
    process.stderr.write(this.output)
    for (const folder of [join(this.#project, this.buildDir), this.#folder])
      await rm(folder, { recursive: true, force: true })
  }

  /** File into which the function `storage` writes, unless the test has named another database. */
  get storageFile(): string {
    return join(this.#folder, 'storage.db')
  }

  /**
   * Returns the folder of the bundles, which is removed at the end. It is in the project, so that the bundles can import the AWS
   * SDK.
   */
  get buildDir(): string {
    return `.local/test-bundles/${this.#env}`
  }
}
