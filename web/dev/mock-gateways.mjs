/* Gateways of the mock: a concentrator with two collectors, one that is away, one without a box, and a box that waits
 * (its code is J8ME-2Q4R-77AB). */
const CODE = 'J8ME2Q4R77AB'
const DAY_MS = 86_400_000

export function createGateways({ lines, iso, send, Refusal }) {
  const now = Date.now()
  const usual = {
    state: 'enrolled', connected: true, last_contact_at: iso(now), clock_error_ms: 12, clock_doubtful: false, queued: 0,
    missing: 0, refused: 0, config_version: 3, applied_version: 3, software: 'heng-gateway 0.1.0', firmware: 'Debian 12',
    free_bytes: 3_000_000_000, lines: 1, meters: 24, certificate_until: iso(now + 900 * DAY_MS),
  }
  const away = { connected: false, last_contact_at: iso(now - 5_400_000), queued: 1830, config_version: 4 }
  const gateways = [
    { ...usual, id: 1, key: 'house-a', name: '1号楼 集中器', address: '10.1.0.7:40112' },
    { ...usual, id: 3, parent_id: 1, key: 'stair-1', name: '1单元 采集器', clock_error_ms: -94_000, missing: 12 },
    { ...usual, id: 4, parent_id: 1, key: 'stair-2', name: '2单元 采集器', config_why: "line 'heat' has no port", config_version: 4 },
    { ...usual, ...away, id: 2, key: 'house-b', name: '2号楼 集中器', certificate_until: iso(now + 20 * DAY_MS) },
    {
      ...usual, id: 5, key: 'house-c', name: '3号楼 集中器', state: 'declared', connected: false, last_contact_at: null,
      config_version: 0, applied_version: 0, software: '', firmware: undefined, free_bytes: undefined, certificate_until: undefined,
    },
  ]
  const boxes = [{
    id: 1, state: 'waiting', code_begins: CODE.slice(0, 4), name: '3号楼', serial: 'SN-0042', software: 'heng-gateway 0.1.0',
    address: '10.3.0.9:51022', first_at: iso(now - 200_000), last_at: iso(now),
  }]
  const events = []
  const tell = (gateway_id, kind, value = 0, detail = undefined, line_id = undefined) =>
    events.unshift({ id: events.length + 1, gateway_id, at: iso(Date.now()), kind, value, detail, line_id })
  tell(1, 'connected', 0, '10.1.0.7:40112')
  tell(3, 'clock-set', -94_000_000, 'by the tier above, give or take 20 ms')
  tell(4, 'config-refused', 4, "line 'heat' has no port")
  tell(2, 'line-silent', 0, lines[0].name, 1)
  tell(2, 'lost')
  tell(undefined, 'refused', 0, '10.9.9.9:6000: no certificate')

  const find = (list, id) => {
    const one = list.find((item) => item.id === Number(id))
    if (!one) throw new Refusal(404, 'notfound', 'there is nothing with this id')
    return one
  }
  const receipt = (id) => ({ id, accepted: 1, refused: 0 })
  const eventsOf = (fits, query) => {
    const before = Number(query.get('before') ?? Infinity)
    return { items: events.filter((event) => event.id < before && fits(event)).slice(0, Number(query.get('limit') ?? 50)) }
  }

  function decide([, id, what], query, body) {
    const box = find(boxes, id)
    if (what === 'refuse') return Object.assign(box, { state: 'refused', why: body.why }) && receipt(0)
    if (body.code.replace(/[^0-9a-z]/gi, '').toUpperCase() !== CODE)
      throw new Refusal(403, 'denied', 'this is not the code of the box: compare it with what the box shows')
    let gateway = gateways.find((one) => one.key === body.key)
    if (!gateway) gateways.push((gateway = { id: gateways.length + 1, key: body.key, name: body.name, parent_id: body.parent }))
    Object.assign(gateway, { ...usual, address: box.address })
    Object.assign(box, { state: 'accepted', gateway_id: gateway.id })
    tell(gateway.id, 'enrolled', 0, box.name)
    send('gateway', gateway)
    return receipt(gateway.id)
  }

  function revoke([, id], query, body) {
    const gateway = Object.assign(find(gateways, id), { state: 'revoked', connected: false })
    tell(gateway.id, 'revoked', 0, `${body.who}: ${body.why}`)
    send('gateway', gateway)
    return receipt(gateway.id)
  }

  const soon = (ms) => iso(Date.now() + ms)
  const routes = [
    ['GET', /^\/gateways$/, () => ({ items: gateways })],
    ['GET', /^\/gateways\/(\d+)$/, ([, id]) => find(gateways, id)],
    ['GET', /^\/gateways\/(\d+)\/events$/, ([, id], query) => eventsOf((event) => event.gateway_id === Number(id), query)],
    ['GET', /^\/gateway-events$/, (match, query) => eventsOf(() => true, query)],
    ['GET', /^\/enrolments$/, (match, query) => ({ items: boxes.filter((box) => box.state === (query.get('state') ?? box.state)) })],
    ['POST', /^\/enrolments\/(\d+)\/(accept|refuse)$/, decide],
    ['POST', /^\/gateways\/(\d+)\/revoke$/, revoke],
    ['POST', /^\/gateways\/(\d+)\/ask$/, () => ({ text: '{"status":{"uplink":"connected","queued":0}}\n' })],
    ['POST', /^\/lines\/(\d+)\/tunnel$/, () => ({ port: 40123, token: '0'.repeat(32), connect_by: soon(30_000), until: soon(930_000) })],
  ]

  /* What is asked, or null when it is not about gateways. */
  return function answer(method, path, query, body) {
    for (const [verb, pattern, handler] of routes) {
      const match = verb === method && pattern.exec(path)
      if (match) return handler(match, query, body)
    }
    return null
  }
}
