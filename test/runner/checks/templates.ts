import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { load } from 'js-yaml'
import { STAGES } from '../../../infra/place/stages.ts'
import { readStackTemplate } from '../../../infra/stack/stack-template.ts'
import { PROJECT } from '../../../scripts/paths.ts'
import { type Check, Failed } from '../check.ts'
import { type Template, withCanary, withoutCanary } from './templates/canary.ts'
import { type Judged, judge, readExcuses } from './templates/excuses.ts'
import { installLinters, LINTERS } from './templates/linters.ts'
import { packagedTemplate } from './templates/packaged.ts'

const EXCUSED = 'infra/lint/excused.yaml'

/** Checks the templates of both stacks in each stage with cfn-lint and checkov. */
export const templates: Check = {
  name: 'templates',
  async run(signal) {
    const excuses = readExcuses(load(await readFile(join(PROJECT, EXCUSED), 'utf8')))
    const folder = await mkdtemp(join(tmpdir(), 'sluice-templates-'))
    try {
      await installLinters(signal)
      const files = await writeTemplates(folder, signal)
      const names = Object.keys(files)
      // Run the linters one after another, because each uses all CPU cores.
      const findings = []
      for (const { name, find } of LINTERS)
        findings.push(...withoutCanary(name, await find(Object.values(files), signal), names))
      const judged = judge(findings, excuses)
      if (judged.broken.length > 0 || judged.unused.length > 0) throw new Failed(described(judged))
      return `${names.length} templates, ${judged.excused} findings excused by ${excuses.length} reasons`
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
}

/** Writes the templates, and returns their files by name. */
async function writeTemplates(folder: string, signal: AbortSignal): Promise<Record<string, string>> {
  const files: Record<string, string> = {}
  for (const [stage, settings] of Object.entries(STAGES)) {
    const all: Record<string, Template> = {
      [`infra-${stage}`]: await readStackTemplate(settings),
      [`functions-${stage}`]: await packagedTemplate(stage, folder, signal),
    }
    for (const [name, template] of Object.entries(all)) {
      files[name] = join(folder, `${name}.json`)
      await writeFile(files[name], JSON.stringify(withCanary(template), undefined, 1))
    }
  }
  return files
}

function described({ broken, unused }: Judged): string {
  const found = broken.map(
    ({ rule, template, resource, says }) => `${template}: ${resource}: ${rule}: ${says}`,
  )
  const idle = unused.map(text => `${EXCUSED}: ${text} excuses nothing`)
  return [
    ...[...new Set(found)],
    ...idle,
    `Mend what is found, or name it in ${EXCUSED} with the reason why it may stay; remove what excuses nothing.`,
  ].join('\n')
}
