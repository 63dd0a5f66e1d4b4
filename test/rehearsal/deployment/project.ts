/** A copy of the project, with which is done what a person would do: package, deploy, change something, deploy again, remove. */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ProgramResult, runProgram } from '@sluice/test-kit/program'
import { copyProject } from '../../support/project-copy.ts'
import { REGION } from '../emulator/requests.ts'

/** The stage that is deployed; its environment has the same name. */
export const STAGE = 'dev'
/** Prefix of its functions' names, and its stack's name. */
export const PREFIX = `sluice-${STAGE}-`
export const STACK = `sluice-${STAGE}`

export type Variables = Readonly<Record<string, string | undefined>>

export class ProjectCopy {
  readonly folder: string
  readonly #variables: Variables
  readonly #signal: AbortSignal

  private constructor(folder: string, variables: Variables, signal: AbortSignal) {
    this.folder = folder
    this.#variables = variables
    this.#signal = signal
  }

  /** @param variables of the command that deploys */
  static async create(variables: Variables, signal: AbortSignal): Promise<ProjectCopy> {
    return new ProjectCopy(await copyProject('rehearsal'), variables, signal)
  }

  write(file: string, text: string): Promise<void> {
    return writeFile(join(this.folder, file), text)
  }

  /** @throws Error if the file does not have the text exactly once: the change would change nothing, or too much */
  async replace(file: string, from: string, to: string): Promise<void> {
    const text = await readFile(join(this.folder, file), 'utf8')
    if (text.split(from).length !== 2) throw new Error(`${file} does not have this once: ${from}`)
    await this.write(
      file,
      text.replace(from, () => to),
    )
  }

  /** Builds the package, so that deploying it later takes less time. @returns its folder */
  async package(name: string, variables: Variables = {}): Promise<string> {
    const folder = join(this.folder, name)
    await this.#serverless(['package', '--package', folder], variables)
    return folder
  }

  deploy(packaged: string, variables: Variables = {}): Promise<void> {
    return this.#serverless(['deploy', '--package', packaged], variables)
  }

  /** Writes the template of the long-lived stack, and prints its command. */
  writeStack(variables: Variables = {}): Promise<ProgramResult> {
    return runProgram('infra/stack/stack-command.ts', ['--stage', STAGE], {
      cwd: this.folder,
      env: { ...this.#variables, ...variables },
      signal: this.#signal,
    })
  }

  /** Removes the deployment, with only the variables of AWS's address. */
  remove(): Promise<void> {
    return this.#serverless(['remove'], {})
  }

  delete(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true })
  }

  /** @throws Error with all that it said, unless it succeeds */
  async #serverless(words: readonly string[], variables: Variables): Promise<void> {
    const args = [...words, '--stage', STAGE, '--region', REGION]
    const { code, output } = await runProgram('serverless', args, {
      cwd: this.folder,
      env: { ...this.#variables, ...variables },
      signal: this.#signal,
    })
    this.#signal.throwIfAborted()
    if (code !== 0) throw new Error(`serverless ${args.join(' ')} ended with status ${code}:\n${output}`)
  }
}
