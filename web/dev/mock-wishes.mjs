/* Reads, commands and searches of the mock: one thing per line and step, told by events as the server tells them. */
const STEP_MS = 350
const REFUSED = { mbus: ['connect', 'disconnect', 'keep', 'release', 'read-state', 'read-history'], cjt188: ['keep', 'release'] }

export function createWishes({ lines, meters, isBelow, read, send, liveOf, iso, Refusal }) {
  const queues = new Map(lines.map((line) => [line.id, []]))
  const commands = []
  const searches = new Map()
  let nextId = 1

  const meterOf = (id) => {
    const m = meters.find((one) => one.id === id)
    if (!m) throw new Refusal(404, 'notfound', `no meter ${id}`)
    return m
  }

  function tell(job, stage, more = {}) {
    const at = iso(Date.now())
    if (job.command) {
      Object.assign(job.command, { stage, ...more })
      if (stage === 'sent') job.command.sent_at = at
      else if (stage === 'accepted') job.command.accepted_at = at
      else job.command.ended_at = at
    }
    send('order', {
      id: job.id, command: Boolean(job.command), meter_id: job.meter?.id, line_id: job.line, order: job.order, stage, at,
      outcome: more.outcome, why: more.why,
    })
  }

  function work(job) {
    const m = job.meter
    if (!m) {
      job.command.ended_at = iso(Date.now())
      return tell(job, 'sent', { outcome: 'ok', why: 'sent to all meters; none answers, so nobody confirms it' })
    }
    read(m, Date.now())
    if (m.dead) return tell(job, 'failed', { outcome: 'silence' })
    send('reading', liveOf(m))
    if (job.command) job.command.frames = [m.frames.at(-1)]
    tell(job, 'confirmed', { outcome: 'ok' })
  }

  function step(line) {
    const queue = queues.get(line.id)
    const job = queue[0]
    if (job && job.order !== 'read' && job.command.stage === 'queued') return tell(job, 'sent')
    if (job) return void work(queue.shift())
    const search = searches.get(line.id)
    if (!search?.running) return
    const own = meters.filter((m) => m.line === line.id)
    const m = own[search.at++]
    if (m && !m.dead) search.seen.add(m.id)
    if (!m) Object.assign(search, { running: false, ended: true })
    search.updated_at = iso(Date.now())
    send('search', searchOf(line.id).search)
  }
  setInterval(() => lines.forEach(step), STEP_MS)

  function searchOf(lineId) {
    const search = searches.get(lineId)
    if (!search) throw new Refusal(404, 'notfound', 'this line was never searched')
    const own = meters.filter((m) => m.line === lineId)
    const { at, seen, ...shown } = search
    const found = seen.size
    return {
      search: {
        ...shown, requests: at, selects: 0, found, known: found, missing: own.length - found, collisions: 0,
        permille: Math.floor((1000 * Math.min(at, own.length)) / own.length),
      },
      items: own.map((m) => ({
        status: seen.has(m.id) ? 'known' : 'missing', protocol: m.protocol, address: m.address, medium: m.medium,
        number: m.number, manufacturer: m.manufacturer, meter_id: m.id, ...(seen.has(m.id) ? { at: search.updated_at } : {}),
      })),
    }
  }

  function startReads(body) {
    const wanted = meters.filter((m) =>
      body.line ? m.line === body.line : body.place ? isBelow(m, body.place) : (body.meters ?? []).includes(m.id))
    if (wanted.length === 0) throw new Refusal(404, 'notfound', 'no meter is there')
    const id = 1e15 + nextId++
    for (const meter of wanted) queues.get(meter.line).push({ id, meter, line: meter.line, order: 'read' })
    return { id, accepted: wanted.length, refused: 0 }
  }

  function startCommand(body) {
    const again = body.key && commands.find((one) => one.key === body.key)
    if (again) return { id: again.id, accepted: 1, refused: 0 }
    const meter = body.meter ? meterOf(body.meter) : undefined
    if (meter && REFUSED[meter.protocol].includes(body.order)) {
      throw new Refusal(422, 'unsupported', `${meter.protocol} has no command for '${body.order}'`)
    }
    const line = lines.find((one) => one.id === (meter?.line ?? body.line))
    const command = {
      id: nextId++, meter_id: meter?.id, number: meter?.number, line_id: line.id, line_name: line.name, order: body.order,
      back: body.back, key: body.key, stage: 'queued', requested_at: iso(Date.now()), expires_at: iso(Date.now() + 600_000),
      frames: [],
    }
    commands.unshift(command)
    queues.get(line.id).unshift({ id: command.id, command, meter, line: line.id, order: body.order })
    return { id: command.id, accepted: 1, refused: 0 }
  }

  function cancel(id) {
    let accepted = 0
    for (const [line, queue] of queues) {
      const gone = queue.filter((job) => job.id === id)
      queues.set(line, queue.filter((job) => job.id !== id))
      gone.forEach((job) => tell(job, 'cancelled'))
      accepted += gone.length
    }
    if (accepted === 0) throw new Refusal(404, 'notfound', 'nothing with this id waits: it has ended, or never was')
    return { id, accepted, refused: 0 }
  }

  function startSearch(lineId, body) {
    const old = searches.get(lineId)
    if (old?.running) throw new Refusal(409, 'conflict', 'a search runs on this line')
    const now = iso(Date.now())
    const fresh = { line_id: lineId, kind: body.kind, known_only: body.known_only ?? false, started_at: now, at: 0, seen: new Set() }
    searches.set(lineId, { ...(body.resume && old ? old : fresh), running: true, ended: false, updated_at: now })
    return { id: lineId, accepted: 1, refused: 0 }
  }

  const table = [
    ['POST', /^\/reads$/, (_, __, body) => startReads(body)],
    ['DELETE', /^\/reads\/(\d+)$/, (id) => cancel(Number(id))],
    ['POST', /^\/commands$/, (_, __, body) => startCommand(body)],
    ['DELETE', /^\/commands\/(\d+)$/, (id) => cancel(Number(id))],
    ['GET', /^\/commands$/, (_, query) => ({
      items: commands.filter((one) => !query.get('meter') || one.meter_id === Number(query.get('meter')))
        .slice(0, Number(query.get('limit') ?? 50)),
    })],
    ['GET', /^\/commands\/(\d+)$/, (id) => commands.find((one) => one.id === Number(id))],
    ['GET', /^\/lines\/(\d+)\/search$/, (id) => searchOf(Number(id))],
    ['POST', /^\/lines\/(\d+)\/search$/, (id, _, body) => startSearch(Number(id), body)],
    ['DELETE', /^\/lines\/(\d+)\/search$/, (id) => {
      Object.assign(searches.get(Number(id)) ?? {}, { running: false })
      return { id: Number(id), accepted: 1, refused: 0 }
    }],
  ]

  return {
    waiting: (lineId) => queues.get(lineId).length,
    answer(method, path, query, body) {
      for (const [verb, pattern, handler] of table) {
        const match = verb === method && pattern.exec(path)
        if (match) return handler(match[1], query, body)
      }
      return null
    },
  }
}
