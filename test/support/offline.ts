import { mkdtempSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { PROJECT, Program } from '@sluice/test-kit/program'
import { dump, load } from 'js-yaml'
import { freePort } from '#local-servers/ports'

const READY = /^msk {2}ready: (\d+) of \1 event sources have joined their groups/m

export interface OfflineOptions {
  /** Folder of a modified copy of the project. */
  readonly project?: string
  /** Names of the functions to run. By default all run, each of which costs processor time that a test of few can save. */
  readonly only?: readonly string[]
}

interface ServerlessFile {
  readonly functions: Readonly<Record<string, object>>
}

/**
 * Functions of an environment under `serverless offline`, with real triggers and a Lambda endpoint on free ports. Schedules are
 * disabled, because tests that count records invoke the scheduled functions themselves.
 */
export class Offline {
  readonly #env: string
  readonly #variables: Readonly<Record<string, string>>
  readonly #project: string
  readonly #only: readonly string[] | undefined
  #program: Program | undefined
  #endpoint = ''
  readonly #folder = mkdtempSync(join(tmpdir(), 'sluice-offline-'))

  private constructor(
    env: string,
    variables: Readonly<Record<string, string>>,
    { project = PROJECT, only }: OfflineOptions,
  ) {
    this.#env = env
    this.#only = only
    this.#variables = variables
    this.#project = project
  }

  /**
   * Starts the functions, and waits until all Kafka consumers have joined their groups.
   */
  static async start(
    env: string,
    variables: Readonly<Record<string, string>> = {},
    options: OfflineOptions = {},
  ): Promise<Offline> {
    const offline = new Offline(env, variables, options)
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
    const args = ['offline', ...ports, ...(await this.#chooseFunctions())]
    this.#program = new Program('serverless', args, {
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
        // The bundles of each start have other paths, so the project's cache of compiled code would only grow.
        NODE_COMPILE_CACHE: undefined,
      },
    })
    await this.#program.says(READY)
  }

  /** List of the chosen functions. The framework accepts it only in the folder of the project. */
  get #listFile(): string {
    return join(this.#project, `serverless.${this.#env}.yml`)
  }

  /** Writes a list of the chosen functions, and returns the option that names it. Without a choice, all functions run. */
  async #chooseFunctions(): Promise<readonly string[]> {
    const only = this.#only
    if (only === undefined) return []
    const list = load(await readFile(join(this.#project, 'serverless.yml'), 'utf8')) as ServerlessFile
    const chosen = Object.entries(list.functions).filter(([name]) => only.includes(name))
    if (chosen.length < only.length) throw new Error(`serverless.yml lacks one of ${only.join(', ')}`)
    await writeFile(this.#listFile, dump({ ...list, functions: Object.fromEntries(chosen) }))
    return ['--config', basename(this.#listFile)]
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
    for (const path of [join(this.#project, this.buildDir), this.#folder, this.#listFile])
      await rm(path, { recursive: true, force: true })
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
