import { readFile } from 'node:fs/promises'
import { PAGE } from '../../../infra/pages/configuration-page.ts'
import { type Check, Failed, tool } from '../check.ts'

/** Checks that docs/configuration.md matches the settings. */
export const configuration: Check = {
  name: 'configuration page',
  async run(signal) {
    await tool('./infra/pages/configuration-page.ts', ['--check'], signal)
    const rows = (await readFile(PAGE, 'utf8')).match(/^- \*\*`\w+`/gm) ?? []
    if (rows.length === 0) throw new Failed('docs/configuration.md contains no settings')
    return `${rows.length} settings, documented as they are declared`
  },
}
