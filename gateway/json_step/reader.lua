-- A strict JSON reader (RFC 8259) that builds nothing: it walks the text beside the message's shape and notes what
-- does not fit. The transcoder takes unknown names, single quotes and bare words without a word; this does not.

local DEPTH, MOST = 32, 20
local VALUES = 20000  -- a body of nothing but small values would hold an Envoy thread for half a second
local ANY = {kind = "any"}

local function note(found, field, rule)
  if #found < MOST then found[#found + 1] = {field = field, rule = rule} end
end

local UTF8 = {
  "^[\228-\233][\128-\191][\128-\191]", "^[\194-\223][\128-\191]", "^\224[\160-\191][\128-\191]",
  "^[\225-\227\234-\236\238\239][\128-\191][\128-\191]", "^\237[\128-\159][\128-\191]",
  "^\240[\144-\191][\128-\191][\128-\191]", "^[\241-\243][\128-\191][\128-\191][\128-\191]",
  "^\244[\128-\143][\128-\191][\128-\191]",
}

local function is_utf8(text)
  local at = text:find("[\128-\255]")
  while at do
    local behind
    for _, form in ipairs(UTF8) do
      local _, last = text:find(form, at)
      if last then behind = last + 1 break end
    end
    if not behind then return false end
    at = text:find("[\128-\255]", behind)
  end
  return true
end

-- A name that somebody made up, as it is told: up to 64 octets, no half of a character, and nothing that is no text.
local function shortened(name)
  local last = math.min(#name, 64)
  while last > 0 and name:find("^[\128-\191]", last + 1) do last = last - 1 end
  local text = name:sub(1, last)
  return is_utf8(text) and #text >= math.min(#name, 1) and text or "?"
end

local function broken(at) error({rule = "not_json", at = at}, 0) end

-- Counts one more value; the count stands beside the findings.
local function count(found)
  found.values = (found.values or 0) + 1
  if found.values > VALUES then error({rule = "too_many_values"}, 0) end
end

local function skip(text, at) return text:match("^[ \t\r\n]*()", at) end

-- The end of a string that begins with the quote at `at`, and what stands between the quotes, escapes as they are.
local function read_string(text, at)
  local place = at + 1
  while true do
    local next_at = text:find('["\\%c]', place)
    local byte = next_at and text:sub(next_at, next_at)
    if byte == '"' then return next_at + 1, text:sub(at + 1, next_at - 1) end
    if byte ~= "\\" then broken(next_at or #text + 1) end
    if text:find('^["\\/bfnrt]', next_at + 1) then place = next_at + 2
    elseif text:find("^u%x%x%x%x", next_at + 1) then place = next_at + 6
    else broken(next_at) end
  end
end

-- The end of a number or a bare word, and the token.
local function read_bare(text, at)
  local token = text:match("^%-?%d[%d.eE+-]*", at)
  if token then
    local figures = token:match("^%-?(%d+)%.?%d*[eE]?[+-]?%d*$")
    local shaped = token:find("^%-?%d+$") or token:find("^%-?%d+%.%d+$")
      or token:find("^%-?%d+[eE][+-]?%d+$") or token:find("^%-?%d+%.%d+[eE][+-]?%d+$")
    if not shaped or (#figures > 1 and figures:sub(1, 1) == "0") then broken(at) end
    return at + #token, token
  end
  token = text:match("^%a+", at)
  if token ~= "true" and token ~= "false" and token ~= "null" then broken(at) end
  return at + #token, token
end

local read_value

local function read_list(text, at, field, path, found, depth)
  at = skip(text, at + 1)
  if text:sub(at, at) == "]" then return at + 1 end
  local index = 0
  while true do
    local where = field == ANY and path or path .. "[" .. index .. "]"
    at = read_value(text, at, field, where, found, depth)
    index, at = index + 1, skip(text, at)
    local mark = text:sub(at, at)
    if mark == "]" then return at + 1 end
    if mark ~= "," then broken(at) end
    at = skip(text, at + 1)
  end
end

-- The field that a name stands for, its path, and whether the name may stand here.
local function named(shape, field, name, path)
  if field.kind == "map" then return field.value, path .. "[*]" end
  local known = shape and shape[name]
  local shown = known and known.name or shortened(name)
  return known, path == "" and shown or path .. "." .. shown
end

local function read_object(text, at, field, path, found, depth, bound)
  local shape, seen = SHAPES[field.ref], {}
  at = skip(text, at + 1)
  if text:sub(at, at) == "}" then return at + 1 end
  while true do
    if text:sub(at, at) ~= '"' then broken(at) end
    local name, inner, where
    at, name = read_string(text, at)
    at = skip(text, at)
    if text:sub(at, at) ~= ":" then broken(at) end
    if field == ANY then inner, where = ANY, path
    else
      inner, where = named(shape, field, name, path)
      if not inner then note(found, where, "unknown_field")
      elseif bound and bound[inner.name] then note(found, where, "set_by_path")
      elseif seen[inner.name or name] then note(found, where, "set_twice") end
      seen[inner and inner.name or name] = true
    end
    at = read_value(text, skip(text, at + 1), inner or ANY, where, found, depth, inner and inner.list)
    at = skip(text, at)
    local mark = text:sub(at, at)
    if mark == "}" then return at + 1 end
    if mark ~= "," then broken(at) end
    at = skip(text, at + 1)
  end
end

-- Reads one value and returns the place behind it. `listed`: the field wants a list of such values.
function read_value(text, at, field, path, found, depth, listed, bound)
  if depth > DEPTH then broken(at) end
  count(found)
  local first, free = text:sub(at, at), field == ANY
  if first == "{" then
    local fits = free or ((field.kind == "message" or field.kind == "map") and not listed)
    if not fits then note(found, path, "wrong_type") end
    return read_object(text, at, fits and field or ANY, path, found, depth + 1, bound)
  elseif first == "[" then
    if not free and not listed then note(found, path, "wrong_type") end
    return read_list(text, at, listed and field or ANY, path, found, depth + 1)
  end
  local behind, token
  if first == '"' then behind, token = read_string(text, at) else behind, token = read_bare(text, at) end
  local unset = token == "null" and first ~= '"' and not path:find("%]$")
  if not free and not unset then
    local rule = listed and "wrong_type" or broken_rule(field, token, first == '"')
    if rule then note(found, path, rule) end
  end
  return behind
end

-- Everything that does not fit: a list of {field, rule}.
local function read_body(text, field, bound)
  local found = {}
  local start = skip(text, 1)
  if start > #text then return found end
  local fine, problem = pcall(function()
    if text:sub(start, start) ~= "{" then broken(start) end
    local behind = skip(text, read_value(text, start, field, "", found, 0, false, bound))
    if behind <= #text then broken(behind) end
  end)
  if fine then return found end
  if type(problem) ~= "table" then error(problem, 0) end
  return {{field = "", rule = problem.rule, at = problem.at}}
end
