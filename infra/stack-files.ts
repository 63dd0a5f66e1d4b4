/** Reads the parts of the long-lived stack, and writes the template and its parameters for the command that deploys them. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { dump } from 'js-yaml'
import { PROJECT } from '../programs/paths.ts'
import { loadCloudFormation } from './cloudformation-yaml.ts'
import { type StackPart, type StackTemplate, stackTemplate } from './stack.ts'
import type { Stage } from './stages.ts'

const PARTS = join(import.meta.dirname, 'stack')

/** Every file of `infra/stack`, in the order of their names. */
async function stackParts(): Promise<StackPart[]> {
  const files = (await readdir(PARTS)).filter(name => name.endsWith('.yaml')).sort()
  return Promise.all(
    files.map(async name => {
      const file = relative(PROJECT, join(PARTS, name))
      return { file, content: loadCloudFormation(await readFile(join(PARTS, name), 'utf8'), file) }
    }),
  )
}

/** The template of the long-lived stack for a stage. */
export async function readStackTemplate(stage: Stage): Promise<StackTemplate> {
  return stackTemplate(await stackParts(), stage)
}

/** As people review it, and as CloudFormation takes it. Deep parts are on one line: it takes no large template. */
export function templateText(template: StackTemplate): string {
  return dump(template, { noRefs: true, lineWidth: 130, flowLevel: 6 })
}

export interface StackFiles {
  readonly template: string
  readonly parameters: string
}

/** Writes both files into a folder; the paths are as they were given. */
export async function writeStackFiles(
  folder: string,
  template: StackTemplate,
  parameters: Readonly<Record<string, string>>,
): Promise<StackFiles> {
  const files = { template: join(folder, 'template.yaml'), parameters: join(folder, 'parameters.json') }
  await mkdir(folder, { recursive: true })
  await writeFile(files.template, templateText(template))
  await writeFile(files.parameters, `${JSON.stringify({ Parameters: parameters }, undefined, 2)}\n`)
  return files
}
