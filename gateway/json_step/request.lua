-- The request's way: the address and the body are held against the contract before the transcoder reads them.

-- The text behind percent signs, or nil when it is no text.
local function decoded(text)
  if text:gsub("%%%x%x", ""):find("%", 1, true) then return nil end
  local plain = text:gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end)
  return not plain:find("%z") and is_utf8(plain) and plain or nil
end

local function check_parameter(route, name, value, seen, found)
  local field, path = {kind = "message", ref = route.message}, nil
  for part in (name .. "."):gmatch("(.-)%.") do
    local shape = field.kind == "message" and not field.list and SHAPES[field.ref]
    field = shape and shape[part]
    local shown = field and field.name or shortened(part)
    path = path and path .. "." .. shown or shown
    if not field then return note(found, path, "unknown_field") end
  end
  if route.bound[path] then return note(found, path, "set_by_path") end
  if seen[path] and not field.list then return note(found, path, "set_twice") end
  seen[path] = true
  local rule = broken_rule(field, value, "query")
  if rule then note(found, path, rule) end
end

local function check_query(route, query, found)
  local seen = {}
  for pair in query:gmatch("[^&]+") do
    local name, value = pair:match("^(.-)=(.*)$")
    name, value = decoded(name or pair), decoded(value or "")
    if not name or not value then note(found, "", "not_text")
    elseif route.body == "*" then note(found, shortened(name), "unknown_field")
    else check_parameter(route, name, value, seen, found) end
  end
end

local function check_body(route, handle, found)
  local body = handle:body()
  if not body or body:length() == 0 then return found end
  local field = {kind = "message", ref = route.message}
  if route.body ~= "*" then field = SHAPES[route.message][route.body] end
  local broken_fields = read_body(body:getBytes(0, body:length()), field, route.body == "*" and route.bound)
  for _, each in ipairs(broken_fields) do found[#found + 1] = each end
  return found
end

local function quoted(text)
  return '"' .. text:gsub('[%c"\\\127]', function(c) return string.format("\\u%04x", c:byte()) end) .. '"'
end

local function violation(each, first, second)
  local texts = RULES[each.rule]
  local place = each.at and " (" .. each.at .. ")" or ""
  return '{"field":' .. quoted(each.field) .. ',"description":' .. quoted(texts[first] .. place)
    .. ',"reason":"' .. each.rule:upper() .. '","localizedMessage":{"locale":"' .. second
    .. '","message":' .. quoted(texts[second] .. place) .. "}}"
end

-- A fragment: the gateway's answer puts it into the details, beside reason, texts and trace id.
local function refuse(handle, found)
  local language = handle:headers():get("accept-language") or ""
  local english = language:sub(1, 2):lower() == "en"
  local parts = {}
  for _, each in ipairs(found) do
    parts[#parts + 1] = violation(each, english and "en" or "zh-CN", english and "zh-CN" or "en")
  end
  local fragment = '{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":['
    .. table.concat(parts, ",") .. "]}"
  handle:respond({[":status"] = "400"}, fragment)
end

function envoy_on_request(handle)
  local route = ROUTES[handle:streamInfo():routeName()]
  if not route then return end
  local path, query = handle:headers():get(":path"):match("^([^?]*)%??(.*)$")
  local found = {}
  if not decoded(path) then note(found, "", "not_text") end
  check_query(route, query, found)
  if route.body then check_body(route, handle, found) end
  if #found > 0 then refuse(handle, found) end
end
