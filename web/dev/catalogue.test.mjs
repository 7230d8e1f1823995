/* The catalogues of words: equal keys in all languages, a word for every identifier that the server can send, a
 * text for every key that the pages use. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (path) => readFileSync(join(root, path), 'utf8')
const languages = Object.fromEntries(
  ['zh', 'en', 'de'].map((id) => [id, JSON.parse(read(`web/src/locales/${id}.json`))]),
)

function keys(node, path = []) {
  if (typeof node === 'string') return [JSON.stringify(path)]
  return Object.entries(node).flatMap(([key, child]) => keys(child, [...path, key]))
}

function textAt(node, path) {
  return path.reduce((at, key) => at?.[key], node)
}

/* The texts of an X-macro list: X(SYMBOL, "text"), also with other words before or behind the text. */
function list(source, name) {
  const body = new RegExp(`#define ${name}\\(X\\)([\\s\\S]*?)\\n\\n`).exec(source)?.[1]
  assert.ok(body, `${name} is not in the header`)
  return [...body.matchAll(/X\((?:\w+, )+"([^"]*)"[,)]/g)].map((match) => match[1])
}

/* The arguments of each call of a function whose name fits, as texts. */
function calls(source, name) {
  const found = []
  for (const match of source.matchAll(new RegExp(`\\b${name}\\(`, 'g'))) {
    let depth = 1
    const args = ['']
    for (let at = match.index + match[0].length; depth > 0 && at < source.length; at++) {
      const c = source[at]
      if ('([{'.includes(c)) depth++
      if (')]}'.includes(c)) depth--
      if (c === ',' && depth === 1) args.push('')
      else if (depth > 0) args[args.length - 1] += c
    }
    found.push(args)
  }
  return found
}

/* Names of fields in the codecs: the second argument of what explains bytes, the third of what explains records. An
 * entry that is named after a quantity has its word in that group. */
function fieldNames() {
  const quantities = new Set(list(read('src/model/quantity.h'), 'HENG_QUANTITY_LIST'))
  const names = new Set()
  const codec = join(root, 'src/codec')
  const files = readdirSync(codec, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? readdirSync(join(codec, entry.name)).map((name) => join(entry.name, name)) : [entry.name],
  )
  for (const file of files.filter((name) => name.endsWith('.c'))) {
    const source = read(join('src/codec', file))
    for (const args of calls(source, '(?:heng_)?explain_\\w+')) {
      for (const arg of args.slice(1, 3)) {
        for (const [, name] of arg.matchAll(/"([^"%]+)"/g)) if (!quantities.has(name)) names.add(name)
      }
    }
  }
  return [...names]
}

test('all languages have the same keys, and no text is empty', () => {
  const wanted = keys(languages.en).sort()
  for (const id of ['zh', 'de']) assert.deepEqual(keys(languages[id]).sort(), wanted, id)
  for (const [id, words] of Object.entries(languages)) {
    for (const key of wanted) assert.ok(textAt(words, JSON.parse(key)).trim(), `${id} ${key}`)
  }
})

test('all languages fill in the same places of a text', () => {
  const places = (text) => (text.match(/\{\w+\}/g) ?? []).sort()
  for (const key of keys(languages.en)) {
    const path = JSON.parse(key)
    for (const id of ['zh', 'de']) {
      const wanted = places(textAt(languages.en, path).split(' | ')[0])
      // forms of the plural are written "one | many"; each of them must fill in the same
      for (const form of [...textAt(languages[id], path).split(' | '), ...textAt(languages.en, path).split(' | ')]) {
        assert.deepEqual(places(form), wanted, `${id} ${key}`)
      }
    }
  }
})

test('every identifier of the model has a word', () => {
  const quantity = read('src/model/quantity.h')
  const line = read('src/model/line.h')
  const stages = list(read('src/model/order.h'), 'HENG_STAGE_LIST')
  const groups = {
    medium: list(read('src/model/medium.h'), 'HENG_MEDIUM_LIST'),
    quantity: list(quantity, 'HENG_QUANTITY_LIST'),
    function: list(quantity, 'HENG_FUNCTION_LIST'),
    protocol: list(line, 'HENG_PROTOCOL_LIST'),
    transport: list(line, 'HENG_TRANSPORT_LIST'),
    lineState: list(read('src/model/line_state.h'), 'HENG_LINE_STATE_LIST'),
    outcome: list(read('src/model/reading.h'), 'HENG_OUTCOME_LIST'),
    condition: list(read('src/model/condition.h'), 'HENG_CONDITION_LIST'),
    kind: list(read('src/codec/telegram.h'), 'HENG_TELEGRAM_KIND_LIST'),
    order: list(read('src/model/order.h'), 'HENG_ORDER_LIST'),
    stage: stages,
    readStage: stages,
    stageMeaning: stages,
    searchKind: list(read('src/model/search.h'), 'HENG_SEARCH_KIND_LIST'),
    gatewayState: list(read('src/store/gateways.h'), 'HENG_GATEWAY_STATE_LIST'),
    gatewayEvent: list(read('src/model/entry.h'), 'HENG_GATEWAY_EVENT_LIST'),
    counter: [...read('src/model/line_state.h').matchAll(/^\s+X\((\w+)\)/gm)].map((match) => match[1]),
    field: fieldNames(),
  }
  for (const [group, ids] of Object.entries(groups)) {
    assert.ok(ids.length > 0, group)
    const missing = ids.filter((id) => !(id in languages.en[group]))
    assert.deepEqual(missing, [], `group ${group}`)
  }
})

const sourcesOf = (folder) =>
  readdirSync(join(root, 'src', folder), { recursive: true })
    .filter((name) => name.endsWith('.c'))
    .map((name) => join('src', folder, name))

test('every sentence of the server that has a translation is still said so', () => {
  const said = ['app', 'flow', 'line', 'meter', 'run']
    .flatMap(sourcesOf)
    .map(read)
    .join('\n')
  const gone = Object.keys(languages.en.why).filter((sentence) => !said.includes(`"${sentence}"`))
  assert.deepEqual(gone, [])
})

/* Numbers of a printf are # in the catalogue; long texts are written in several pieces. */
test('every event of a gateway that has a translation is still told so', () => {
  const said = ['app', 'gateway', 'link', 'spool']
    .flatMap(sourcesOf)
    .map(read)
    .join('\n')
    .replace(/"\s*\n\s*"/g, '')
    .replace(/"\s*PRI[du]64\s*"/g, '')
    .replace(/%lld/g, '#')
  for (const language of Object.values(languages)) {
    assert.deepEqual(Object.keys(language.eventWhy).filter((sentence) => !said.includes(sentence)), [])
    for (const [code, text] of Object.entries(language.eventDetail)) {
      const told = [...said.matchAll(new RegExp(`"${code}( [a-z_]+=[^"]*)?"`, 'g'))].map((match) => match[0]).join('')
      assert.ok(told, `no source says ${code}`)
      const named = [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1])
      // who: when nobody is named it is the address
      assert.deepEqual(named.filter((name) => name !== 'who' && !told.includes(` ${name}=`)), [], code)
    }
  }
})

test('every key that a page uses is there', () => {
  const files = (folder) =>
    readdirSync(folder).flatMap((name) => {
      const path = join(folder, name)
      return statSync(path).isDirectory() ? files(path) : /\.(vue|ts)$/.test(name) ? [path] : []
    })
  let used = 0
  for (const file of files(join(root, 'web/src'))) {
    for (const [, key] of readFileSync(file, 'utf8').matchAll(/\bt\('([\w.]+)'/g)) {
      used++
      assert.equal(typeof textAt(languages.en, key.split('.')), 'string', `${key} in ${file}`)
    }
  }
  assert.ok(used > 50, `only ${used} uses found`)
})
