import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '#local-servers/ports.ts'
import { INSTALL, npm, pack, shell } from './npm.ts'
import { PROJECT, Program } from './program.ts'

/** Packages that the foreign project shares with this project, so that only its own dependencies must be installed. */
const SHARED = {
  'node_modules/cloudevents': 'node_modules/cloudevents',
  'node_modules/@types/node': 'node_modules/@types/node',
  'node_modules/esbuild': 'node_modules/esbuild',
  'node_modules/serverless-offline': 'node_modules/serverless-offline',
}

/** Packages that are installed from tarballs of this repository. */
const PACKED = ['@sluice/runtime', 'serverless-offline-msk-trigger']

/** Example project in a temporary folder, with the engine and the trigger installed from their tarballs. */
export class ForeignProject {
  readonly folder: string
  #program: Program | undefined
  #endpoint = ''

  private constructor(folder: string) {
    this.folder = folder
  }

  static async install(example: string): Promise<ForeignProject> {
    const project = new ForeignProject(await mkdtemp(join(tmpdir(), 'sluice-foreign-')))
    try {
      await project.#install(join(PROJECT, 'examples', example))
    } catch (error) {
      await project.remove()
      throw error
    }
    return project
  }

  /** Returns a project with the same installed packages and no other files. */
  async empty(): Promise<ForeignProject> {
    const project = new ForeignProject(await mkdtemp(join(tmpdir(), 'sluice-foreign-')))
    await symlink(join(this.folder, 'node_modules'), join(project.folder, 'node_modules'))
    await writeFile(join(project.folder, 'package.json'), '{ "type": "module" }')
    return project
  }

  /** Type-checks modules with the strictest options. Rejects with the errors. */
  async types(...files: readonly string[]): Promise<void> {
    const options = ['--noEmit', '--strict', '--target es2024', '--module nodenext', '--types node']
    await shell(this.folder, ['tsc', ...options, ...files].join(' '))
  }

  /** Runs a program in the project's folder, and returns its output. */
  async runs(program: string, env: Readonly<Record<string, string>>): Promise<string> {
    const script = join(this.folder, 'run.mjs')
    await writeFile(script, program)
    return (await new Program(script, [], { cwd: this.folder, env }).ended).output
  }

  /** Runs the command of the engine's package, and returns its output. */
  async command(args: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
    const script = join(this.folder, 'node_modules/@sluice/runtime/dist/bin.js')
    return (await new Program(script, args, { cwd: this.folder, env }).ended).output
  }

  async #install(example: string): Promise<void> {
    await cp(example, this.folder, { recursive: true })
    const manifest = JSON.parse(await readFile(join(example, 'package.json'), 'utf8'))
    await writeFile(join(this.folder, 'package.json'), JSON.stringify({ ...manifest, devDependencies: {} }))
    const tarballs = await pack(this.folder, ...PACKED)
    // Install without peer dependencies, because serverless-offline is one of the shared tools.
    await npm(
      this.folder,
      ...INSTALL,
      '--legacy-peer-deps',
      ...tarballs.map(({ filename }) => `./${filename}`),
    )
    await mkdir(join(this.folder, 'node_modules', '@types'), { recursive: true })
    for (const [link, target] of Object.entries(SHARED)) {
      await rm(join(this.folder, link), { recursive: true, force: true })
      await symlink(join(PROJECT, target), join(this.folder, link))
    }
  }

  /** Runs a script of the project's package.json, and returns its output. Rejects if it fails. */
  run(script: string): Promise<string> {
    return npm(this.folder, 'run', script)
  }

  /** Starts `serverless offline`, and waits until all event sources have joined their groups. */
  async start(stage: string, env: Readonly<Record<string, string>>): Promise<void> {
    const [http, lambda, websocket] = await Promise.all([freePort(), freePort(), freePort()])
    const ports = ['--httpPort', `${http}`, '--lambdaPort', `${lambda}`, '--websocketPort', `${websocket}`]
    const [, service] =
      /^service: (\S+)$/m.exec(await readFile(join(this.folder, 'serverless.yml'), 'utf8')) ?? []
    this.#endpoint = `http://127.0.0.1:${lambda}/2015-03-31/functions/${service}-${stage}`
    this.#program = new Program('serverless', ['offline', '--stage', stage, ...ports], {
      cwd: this.folder,
      env,
    })
    await this.#program.says(/^msk {2}ready: (\d+) of \1 event sources have joined their groups/m)
  }

  /** Invokes a function through the Lambda endpoint. Rejects if the handler throws. */
  async invoke(name: string): Promise<unknown> {
    const response = await fetch(`${this.#endpoint}-${name}/invocations`, { method: 'POST', body: '{}' })
    const answer = await response.json()
    if (!response.ok || response.headers.has('x-amz-function-error'))
      throw new Error(`${name} failed: ${JSON.stringify(answer)}`)
    return answer
  }

  async remove(): Promise<void> {
    this.#program?.signal('SIGTERM')
    const ended = await this.#program?.ended
    // The test runner shows the output of a file only if one of its tests failed.
    process.stderr.write(ended?.output ?? '')
    await rm(this.folder, { recursive: true, force: true })
  }
}
