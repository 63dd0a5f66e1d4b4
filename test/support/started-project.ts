/** Runs `npm start` in a modified copy of the project, with the servers of the test run. */

import { mkdirSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Program } from '@sluice/test-kit/program'
import { freePorts } from '#local-servers/ports'
import { copyProject } from './project-copy.ts'

export class StartedProject {
  readonly folder: string
  /** Environment variables for the processes of the project. */
  readonly variables: Readonly<Record<string, string>>

  private constructor(folder: string, environment: Readonly<Record<string, string>>) {
    this.folder = folder
    this.variables = environment
  }

  /** Creates a copy of the project. @param env name of its environment on the shared servers */
  static async copy(env: string): Promise<StartedProject> {
    return StartedProject.in(await copyProject('start'), env)
  }

  /** Uses an existing copy of the project. */
  static async in(folder: string, env: string): Promise<StartedProject> {
    const [http, lambda, console, kafkaUi, ksql] = await freePorts(5)
    return new StartedProject(folder, {
      SLUICE_ENV: env,
      SLUICE_DATA_DIR: join(folder, '.local', 'data'),
      HTTP_PORT: String(http),
      LAMBDA_PORT: String(lambda),
      CONSOLE_PORT: String(console),
      KAFKA_UI_PORT: String(kafkaUi),
      KSQL_PORT: String(ksql),
    })
  }

  /** Writes a file. `change` is the new content, or a function that returns it for the current content. */
  async write(file: string, change: string | ((content: string) => string)): Promise<void> {
    const path = join(this.folder, file)
    mkdirSync(dirname(path), { recursive: true })
    await writeFile(path, typeof change === 'string' ? change : change(await readFile(path, 'utf8')))
  }

  start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Program {
    return this.#program('start.ts', args, env)
  }

  smoke(): Program {
    return this.#program('smoke.ts', [], {})
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true })
  }

  #program(file: string, args: readonly string[], env: Readonly<Record<string, string>>): Program {
    return new Program(join(this.folder, 'localstack', file), args, {
      cwd: this.folder,
      env: { ...this.variables, ...env },
    })
  }
}
