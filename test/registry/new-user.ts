/** Somebody who has npm, Node.js and a registry, and nothing else: an empty home, and no tool of this project. */
import assert from 'node:assert/strict'
import { linkSync, mkdirSync, readdirSync } from 'node:fs'
import { delimiter, dirname, join, relative } from 'node:path'
import { LOCAL } from '../../scripts/paths.ts'
import { findScript, npmSetting } from '../support/npm.ts'
import { Program, type ProgramResult } from '../support/program.ts'

type Variables = Readonly<Record<string, string>>

/** Variables that other programs of a test run have set for theirs. A new user has none of them. */
const FOREIGN = /^npm_|^(KAFKA_BROKERS|REDIS_URL|AWS_ENDPOINT_URL)$/i

export class NewUser {
  /** Folder in which the user works. */
  readonly folder: string
  readonly #env: Readonly<Record<string, string | undefined>>

  private constructor(folder: string, env: Readonly<Record<string, string | undefined>>) {
    this.folder = folder
    this.#env = env
  }

  /** @param folder an empty one */
  static async arrive(folder: string, registry: string): Promise<NewUser> {
    const [home, cache, work] = ['home', 'cache', 'work'].map(name => join(folder, name)) as [
      string,
      string,
      string,
    ]
    for (const name of [home, work]) mkdirSync(name)
    const known = await npmSetting('cache')
    if (known !== undefined)
      linkContents(join(known, '_cacache', 'content-v2'), join(cache, '_cacache', 'content-v2'))
    const tools = (process.env.PATH ?? '').split(delimiter).filter(path => !path.includes('node_modules'))
    return new NewUser(work, {
      ...Object.fromEntries(
        Object.keys(process.env).flatMap(name => (FOREIGN.test(name) ? [[name, undefined]] : [])),
      ),
      PATH: [dirname(process.execPath), ...tools].join(delimiter),
      HOME: home,
      TMPDIR: home,
      npm_config_cache: cache,
      npm_config_registry: registry,
      LOCAL_SERVERS_CACHE: LOCAL,
    })
  }

  /** Starts npm in a folder. */
  npm(cwd: string, args: readonly string[], env: Variables = {}): Program {
    return new Program(findScript('npm'), args, { cwd, env: { ...this.#env, ...env } })
  }

  /** Creates a project, as the READMEs say it. */
  create(name: string, env: Variables = {}): Promise<ProgramResult> {
    return this.npm(this.folder, ['create', 'sluice', name], env).ended
  }

  /** Runs npm in a folder, and returns its output. Fails unless npm succeeds. */
  async succeed(cwd: string, ...args: readonly string[]): Promise<string> {
    const { code, output } = await this.npm(cwd, args).ended
    assert.equal(code, 0, output)
    return output
  }
}

/**
 * Gives a cache of npm the contents of packages that another one has, which saves downloads. It does not learn which packages these
 * are: that comes from the registry. Without an effect where links are impossible.
 */
function linkContents(from: string, to: string): void {
  try {
    for (const entry of readdirSync(from, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name)
      const copy = join(to, relative(from, path))
      if (entry.isDirectory()) mkdirSync(copy, { recursive: true })
      else linkSync(path, copy)
    }
  } catch {
    // npm downloads what is missing.
  }
}
