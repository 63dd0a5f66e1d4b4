import { runUndisturbed } from '#runtime/test/support/inside'
import { readEvent } from '#runtime/cloudevents'
import { SluiceSimulation } from './sluice.ts'
import { addFeed, addRuleEdit } from './feed.ts'
const warm = process.argv[5] ? Number(process.argv[5]) : 0
const [seed, name, topicPart] = [Number(process.argv[2]), process.argv[3]!, process.argv[4]!]
const reports: any[] = []
const sluice = await SluiceSimulation.create({ seed, adapt: (n, p, sim) => n === name ? { ...p, report: r => reports.push([sim.nowMs, r]) } : p })
const { simulation } = sluice
const start = simulation.nowMs
addFeed(sluice, 200); addRuleEdit(sluice, start + simulation.chance.stream('edit').between(5, 30) * 60_000)
await simulation.run()
const group = sluice.groups.get(name)!
const own = group.partitions.find(p => p.topic.includes(topicPart))!
const records = simulation.log.all(own.topic, own.partition)
const ref = await runUndisturbed(simulation.log.whole, own, records, { codes: group.codes, codeFrom: own.codeFrom })
const dec = new Map<number, string>()
for (const d of ref.decisions) if (d.outcome !== 'timer') dec.set(d.offset, `${d.outcome}/${d.reason}`)
for (const r of records.slice(0, 14)) { const e: any = readEvent(r); console.log(r.offset, ((r.timestampMs - start) / 1000).toFixed(1), e.type, e.source, e.subject, e.id?.slice(0, 10), JSON.stringify(e.extensions), dec.get(r.offset)) }
for (const [at, r] of reports) if (r.stateKey?.topic === own.topic && r.stateKey.partition === own.partition) console.log(((at - start) / 1000).toFixed(1), r.kind, r.kind === 'decisions' ? r.decisions.filter((d: any) => d.outcome !== 'timer').map((d: any) => `${d.offset}:${d.outcome}/${d.reason}`).join(' ') : JSON.stringify({ ...r, stateKey: undefined }).slice(0, 150))
process.exit(0)
