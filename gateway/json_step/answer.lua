-- The answer's way, after the transcoder: Retry-After from RetryInfo, and the details that grpc's own refusals lack.

local FRAMES = {"grpc-status", "grpc-message", "grpc-encoding", "grpc-accept-encoding", "grpc-status-details-bin"}

-- Whole seconds to wait as the details say, rounded up, or nil.
local function wait_told(text)
  local seconds, fraction = text:match('"retryDelay":"(%d+)%.?(%d*)s"')
  if not seconds then return nil end
  return string.format("%d", tonumber(seconds) + (fraction:find("[1-9]") and 1 or 0))
end

local function completed(text, headers, service)
  if text ~= "" and not text:find('"details":%[%]}%s*$') then return nil end
  local code = text:match('^{"code":(%d+)') or headers:get("grpc-status") or ""
  local status = STATUSES[code] or STATUSES["13"]
  local named = service and '"metadata":{"service":' .. quoted(service) .. "}"
  if named then status = status:gsub('"metadata":{}', named, 1) end
  return (status:gsub("@TRACE@", headers:get("egov-trace-id") or ""))
end

local function unframe(headers)
  for _, name in ipairs(FRAMES) do headers:remove(name) end
end

function envoy_on_response(handle)
  local status = tonumber(handle:headers():get(":status"))
  local kind = handle:headers():get("content-type") or ""
  if status < 400 or not kind:find("^application/json") then return unframe(handle:headers()) end
  local body = handle:body(true)
  local headers = handle:headers()  -- what was asked for before the body came is not valid any more
  local text = body:getBytes(0, body:length())
  local route = ROUTES[handle:streamInfo():routeName()]
  local whole_text = completed(text, headers, route and route.service)
  if whole_text then
    text = whole_text
    body:setBytes(text)
    headers:replace("content-length", tostring(#text))
  end
  local wait = wait_told(text) or (status == 429 and "1") or nil
  if wait and not headers:get("retry-after") then headers:add("retry-after", wait) end
  unframe(headers)
end
