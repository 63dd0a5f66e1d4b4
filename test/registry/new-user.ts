/** A user who has npm, Node.js and a registry, and nothing else: an empty home, and no tool of this project. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { Program, type ProgramOptions } from '@sluice/test-kit/program'
import { LOCAL } from '../../scripts/paths.ts'
import { findScript, npmSetting } from '../support/npm.ts'

type Variables = NonNullable<ProgramOptions['env']>

/** Variables that npm and the test runner set for their own programs. */
const FOREIGN = /^npm_|^(KAFKA_BROKERS|REDIS_URL|AWS_ENDPOINT_URL)$/i

export class NewUser {
  /** Folder in which the user works. */
  readonly folder: string
  readonly #env: Variables

  private constructor(folder: string, env: Variables) {
    this.folder = folder
    this.#env = env
  }

  /** @param folder existing folder for everything of this user */
  static async create(folder: string, registry: string): Promise<NewUser> {
    const [home, cache, work] = [join(folder, 'home'), join(folder, 'cache'), join(folder, 'work')]
    for (const path of [home, join(cache, '_cacache'), work]) mkdirSync(path, { recursive: true })
    // Links to what this machine has downloaded. Names and versions come from the registry all the same. Where links are
    // impossible, npm downloads everything.
    const known = join((await npmSetting('cache')) ?? '', '_cacache', 'content-v2')
    await promisify(execFile)('cp', ['-Rl', known, join(cache, '_cacache')]).catch(() => {})
    const tools = (process.env.PATH ?? '').split(delimiter).filter(path => !path.includes('node_modules'))
    const foreign = Object.keys(process.env).filter(name => FOREIGN.test(name))
    return new NewUser(work, {
      ...Object.fromEntries(foreign.map(name => [name, undefined])),
      PATH: [dirname(process.execPath), ...tools].join(delimiter),
      HOME: home,
      TMPDIR: home,
      npm_config_cache: cache,
      npm_config_registry: registry,
      LOCAL_SERVERS_CACHE: LOCAL,
    })
  }

  /** Creates a folder for a project, and returns its path. */
  makeProject(name: string, manifest: object): string {
    const project = join(this.folder, name)
    mkdirSync(project, { recursive: true })
    writeFileSync(join(project, 'package.json'), JSON.stringify(manifest))
    return project
  }

  /** Starts npm in a folder. */
  npm(cwd: string, args: readonly string[], env: Variables = {}): Program {
    return new Program(findScript('npm'), args, { cwd, env: { ...this.#env, ...env } })
  }

  /** Runs npm in a folder, and returns its output. Fails unless npm succeeds. */
  async succeed(cwd: string, ...args: readonly string[]): Promise<string> {
    const { code, output } = await this.npm(cwd, args).ended
    assert.equal(code, 0, output)
    return output
  }
}
