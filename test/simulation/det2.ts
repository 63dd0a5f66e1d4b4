import { writeFileSync } from 'node:fs'
import { playSeed } from './play.ts'
const p = await playSeed({ seed: Number(process.argv[2]) }); writeFileSync(process.argv[3]!, p.story()); process.exit(0)
