import { hash } from 'node:crypto'
import { playSeed } from './play.ts'
const out: string[] = []
for (const seed of process.argv[2]!.split(',').map(Number)) { const p = await playSeed({ seed }); out.push(`${seed} ${hash('md5', p.story()).slice(0, 6)} ${p.violations.length}`) }
console.log(out.join('\n'))
process.exit(0)
