/** Reads the parts of the long-lived stack and writes the template. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { dump } from 'js-yaml'
import { PROJECT } from '../programs/paths.ts'
import { loadCloudFormation } from './cloudformation-yaml.ts'
import { type HistoryRetention, withExpiry } from './history/expiry.ts'
import { type StackPart, type StackTemplate, stackTemplate } from './stack.ts'
import type { Stage } from './stages.ts'

const PARTS = join(import.meta.dirname, 'stack')

/** Reads all files of `infra/stack`, sorted by name. */
async function stackParts(): Promise<StackPart[]> {
  const files = (await readdir(PARTS)).filter(name => name.endsWith('.yaml')).sort()
  return Promise.all(
    files.map(async name => {
      const file = relative(PROJECT, join(PARTS, name))
      return { file, content: loadCloudFormation(await readFile(join(PARTS, name), 'utf8'), file) }
    }),
  )
}

/** Returns the template of the long-lived stack for a stage. @param retention retention of history, from HISTORY_RETENTION */
export async function readStackTemplate(
  stage: Stage,
  retention: HistoryRetention = new Map(),
): Promise<StackTemplate> {
  return withExpiry(stackTemplate(await stackParts(), stage), retention)
}

/**
 * Formats a template for review and for CloudFormation. Deeply nested values are written on one line, and others are
 * indented by one space, to stay below CloudFormation's size limit.
 */
export function templateText(template: StackTemplate): string {
  return dump(template, { noRefs: true, lineWidth: 130, flowLevel: 4, indent: 1 })
}

/** Writes the template to a file, and creates its folder if necessary. */
export async function writeTemplate(file: string, template: StackTemplate): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, templateText(template))
}
