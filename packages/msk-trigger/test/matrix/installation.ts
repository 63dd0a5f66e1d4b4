import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { INSTALL, npm, pack } from '../../../../test/support/npm.ts'
import { BROKERS } from '../integration/kafka.ts'
import { Project } from '../integration/project.ts'
import type { Framework } from './frameworks.ts'
import { KINDS, type Kind, NEEDED } from './kinds.ts'

const TRIGGER = 'serverless-offline-msk-trigger'
const TARBALLS = 'tarballs'
/** Files that stay in the folder from one project to the next. */
const INSTALLED = ['node_modules', 'package-lock.json', TARBALLS]

export interface Topics {
  readonly orders: string
  readonly failed: string
}

/** A folder where a framework, serverless-offline and the packed trigger are installed by npm, as by anybody else. */
export class Installation {
  readonly folder: string
  readonly #framework: Framework
  #trigger = ''

  private constructor(folder: string, framework: Framework) {
    this.folder = folder
    this.#framework = framework
  }

  static async create(framework: Framework): Promise<Installation> {
    const installation = new Installation(await mkdtemp(join(tmpdir(), 'msk-matrix-')), framework)
    try {
      await installation.#install()
    } catch (error) {
      await installation.remove()
      throw error
    }
    return installation
  }

  async #install(): Promise<void> {
    const tarballs = join(this.folder, TARBALLS)
    await mkdir(tarballs)
    const [tarball] = await pack(tarballs, TRIGGER)
    this.#trigger = `file:${TARBALLS}/${tarball}`
    await this.#write({ 'package.json': this.#manifest() })
    await npm(this.folder, ...INSTALL)
  }

  /** Turns the folder into a project of this kind. The packages of all kinds are installed. */
  async become(kind: Kind, topics: Topics): Promise<Project> {
    for (const entry of await readdir(this.folder))
      if (!INSTALLED.includes(entry)) await rm(join(this.folder, entry), { recursive: true })
    await this.#write({
      'package.json': this.#manifest(kind),
      'serverless.yml': this.#configuration(kind, topics),
      ...kind.files,
    })
    const { node } = this.#framework
    return Project.in(this.folder, 'shop', {
      command: join(this.folder, 'node_modules', '.bin', 'serverless'),
      // serverless-esbuild leaves copies of packages in the temporary folder.
      env: { TMPDIR: join(this.folder, TARBALLS) },
      ...(node && { node: join(this.folder, node) }),
    })
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true })
  }

  #manifest(kind?: Kind): string {
    return JSON.stringify({
      name: 'shop',
      private: true,
      ...(kind?.type && { type: kind.type }),
      dependencies: { [NEEDED.name]: NEEDED.version },
      devDependencies: {
        ...this.#framework.packages,
        ...Object.assign({}, ...KINDS.map(({ packages }) => packages)),
        [TRIGGER]: this.#trigger,
      },
    })
  }

  /** JSON is YAML. */
  #configuration({ handler, runtime, plugins = [], custom }: Kind, { orders, failed }: Topics): string {
    const msk = {
      arn: 'arn:aws:kafka:eu-west-1:123456789012:cluster/shop/751d2973-a626-431c-9d4e-d7975eb44dd7-2',
      topic: orders,
      batchSize: 1,
      maximumBatchingWindow: 0,
      maximumRetryAttempts: 0,
      onFailureDestination: `kafka://${failed}`,
      provisionedPollerConfig: { minimumPollers: 1, maximumPollers: 2 },
    }
    return JSON.stringify({
      service: 'shop',
      frameworkVersion: this.#framework.version,
      configValidationMode: 'error',
      provider: { name: 'aws', runtime: runtime(this.#framework), stage: 'dev', region: 'eu-west-1' },
      plugins: [...plugins, TRIGGER, 'serverless-offline'],
      custom: { ...custom, mskTrigger: { brokers: BROKERS, retryDelayMs: 20 } },
      functions: { orders: { handler, timeout: 10, events: [{ msk }] } },
    })
  }

  async #write(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [path, content] of Object.entries(files)) {
      const file = join(this.folder, path)
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, content)
    }
  }
}
