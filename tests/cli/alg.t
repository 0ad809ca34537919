# show ip nat alg, the platform's tables, traces, clear and debug, before anything has happened.
Router>show ip nat alg
Gateway State Ports               Flows Messages  Rewrites  Expected  Refused  Malformed  Encrypted  Last reason
ftp     on    tcp 21              0     0         0         0         0        0          0          ---
sip     on    tcp 5060 udp 5060   0     0         0         0         0        0          0          ---
msrp    on    ---                 0     0         0         0         0        0          0          ---
dns     on    tcp 53 udp 53       0     0         0         0         0        0          0          ---
tftp    on    udp 69              0     0         0         0         0        0          0          ---
rsh     on    tcp 514             0     0         0         0         0        0          0          ---
rlogin  on    tcp 513             0     0         0         0         0        0          0          ---
rexec   on    tcp 512             0     0         0         0         0        0          0          ---
icmp    on    ---                 ---   0         0         0         0        0          0          ---
Router>enable
Router#conf t
Enter configuration commands, one per line.  End with CNTL/Z.
Router(config)#interface eth0
Router(config-if)#ip nat inside
Router(config-if)#interface eth1
Router(config-if)#ip nat outside
Router(config-if)#exit
Router(config)#access-list 10 permit 10.0.0.9
Router(config)#ip nat service list 10 ftp tcp port 2121
Router(config)#ip nat service list 11 ftp tcp port 2122
Router(config)#no ip nat service rcmd
Router(config)#no ip nat service dns tcp
Router(config)#no ip nat service dns-v6
Router(config)#end
*TIME: %SYS-5-CONFIG_I: Configured from console by console
Router#show ip nat alg
Gateway State Ports               Flows Messages  Rewrites  Expected  Refused  Malformed  Encrypted  Last reason
ftp     on    tcp 21 2121         0     0         0         0         0        0          0          ---
sip     on    tcp 5060 udp 5060   0     0         0         0         0        0          0          ---
msrp    on    ---                 0     0         0         0         0        0          0          ---
dns     on    udp 53              0     0         0         0         0        0          0          ---
tftp    on    udp 69              0     0         0         0         0        0          0          ---
rsh     off   ---                 0     0         0         0         0        0          0          ---
rlogin  off   ---                 0     0         0         0         0        0          0          ---
rexec   off   ---                 0     0         0         0         0        0          0          ---
icmp    on    ---                 ---   0         0         0         0        0          0          ---
Router#show ip nat alg ftp
Gateway ftp is on
  Ports: tcp 21, tcp 2121 (servers of access list 10)
@include alg-idle.part
Router#show ip nat alg dns
Gateway dns is on
  Ports: udp 53
  Time to live of rewritten answers: set to 0
  Messages about IPv6 addresses: left alone
@include alg-idle.part
Router#show ip nat alg icmp
Gateway icmp is on
  Messages: 0, rewritten 0
  Left unchanged or remarkable:
  Last reason: none
Router#show ip nat alg msrp
Gateway msrp is on
  Ports: those that sip announces
@include alg-idle.part
Router#show ip nat alg rcmd
Gateway rsh is off
  Ports: none
@include alg-idle.part
Gateway rlogin is off
  Ports: none
@include alg-idle.part
Gateway rexec is off
  Ports: none
@include alg-idle.part
Router#show ip nat alg ?
  dns     Domain Name System
  ftp     File Transfer Protocol
  icmp    ICMP errors and the packets that they quote
  msrp    Message Session Relay Protocol
  rcmd    Remote commands: rexec, rlogin and rsh
  rexec   Remote execution
  rlogin  Remote login
  rsh     Remote shell
  sip     Session Initiation Protocol
  tftp    Trivial File Transfer Protocol
  trace   What gateways did last, field by field
  |       Output modifiers
  <cr>
Router#show ip nat alg trace ?
  dns     Domain Name System
  ftp     File Transfer Protocol
  last    Only the last records
  msrp    Message Session Relay Protocol
  rcmd    Remote commands: rexec, rlogin and rsh
  rexec   Remote execution
  rlogin  Remote login
  rsh     Remote shell
  sip     Session Initiation Protocol
  tftp    Trivial File Transfer Protocol
  |       Output modifiers
  <cr>
Router#show ip nat alg trace
Router#show ip nat alg trace ftp last 10
Router#show ip nat alg trace last 0
                                  ^
% Invalid input detected at '^' marker.

Router#show ip nat alg sip
Gateway sip is on
  Ports: tcp 5060, udp 5060
  Bodies of several parts: left alone (ip nat service allow-multipart is off)
  Session descriptions with ICE candidates: read
  Calls: 0 begun, 0 answered, 0 over; 0 in all, 0 answered, 0 failed, 0 hung up, 0 given up
  Registrations: 0 asked for, 0 granted; 0 in all
  Ports announced for them: 0
  Ended for want of room or at a limit: 0
  NAT-aware endpoints, left alone: 0
  Addresses of other hosts, left alone: 0
@include alg-idle.part
Router#show platform hardware qfp ?
  active   Packet processor in use
  standby  Packet processor in reserve: here the same one
Router#show platform hardware qfp active feature alg statistics
ALG counters:
ALG         Cntrl-Pkt        Parser-Err&Drop  Parser-No-Act
-------------------------------------------------------------
FTP         0                0                0
SIP         0                0                0
DNS         0                0                0
TFTP        0                0                0
SHELL       0                0                0
LOGIN       0                0                0
EXEC        0                0                0
ICMP        0                0                0

ALG chunk pool:
Pool-Name                  Used-Entries     Free-Entries
----------------------------------------------------------
FTP pool                   0                16384
SIP pool                   0                16384
DNS pool                   0                16384

Common ALG chunk pool:
Pool-Name                  Used-Entries     Free-Entries
----------------------------------------------------------
Act Token Pool             0                16384
Ext State Pool             0                16384
Stream Pool                0                4096
Stream Buffer Pool         0                16384
Router#show platform hardware qfp standby feature alg statistics dns
DNS info pool used chunk entries number: 0
dns query:                             0
dns response:                          0
other msg:                             0

create chunk:                          0
del_chunk:                             0

malformed message:                     0
signed message left unchanged:         0
message too long:                      0
message left unread, its rest came late: 0
too many addresses in a message:       0
no memory:                             0
result too large:                      0
connection met in the middle:          0
overlapping segments with different bytes: 0
TCP segments are signed:               0
Router#show platform hardware qfp active feature alg statistics tftp clear | include Flows|cleared
Flows now: 0
Flows in all: 0
TFTP ALG counters cleared after display.
Router#show platform hardware qfp active feature alg statistics shell
This ALG doesn't support displaying statistics.
Router#show platform hardware qfp active feature alg statistics login clear
This ALG doesn't support displaying statistics.
Router#show platform hardware qfp active feature alg statistics ?
  dns    Domain Name System
  exec   Remote execution
  ftp    File Transfer Protocol
  login  Remote login
  shell  Remote shell
  sip    Session Initiation Protocol
  tftp   Trivial File Transfer Protocol
  |      Output modifiers
  <cr>
Router#show platform hardware qfp active feature alg statistics sip
SIP info pool used chunk entries number: 0

RECEIVE
Register:  0          -> 200-OK: 0
Invite:    0          -> 200-OK: 0
Update:    0          -> 200-OK: 0
Bye:       0          -> 200-OK: 0
Subscribe: 0          -> 200-OK: 0
Refer:     0          -> 200-OK: 0
Prack:     0          -> 200-OK: 0
Trying:    0            Ringing:   0            Ack:       0
Info:      0            Cancel:    0            Sess Prog: 0
Message:   0            Notify:    0
Publish:   0            Options:   0
1xx:       0            2xx:       0
OtherReq:  0            OtherOk:   0            3xx-6xx:   0

Events
Media Port Zero:         0               Media Addr Zero:         0
Malform Media:           0               No Content Length:       0
SIP flows:               0               SIP flows ended:         0

Errors
Create Token Err:        0               Error New Chnl:          0
Sess Malloc Failed:      0               Bad Format:              0
No Call-id:              0               Huge Size:               0
Parse SIP Hdr Fail:      0               Parse SDP Fail:          0
Not SIP Msg:             0

Writeback Errors
PA Err:                  0
Router#show platform software trace message process qfp active
Router#clear ip nat alg statistics
Router#clear ip nat alg
% Incomplete command.

Router#debug ip nat ?
  <1-2699>  Access list
  WORD      Access list name
  detailed  NAT detailed events
  dns       NAT DNS gateway
  ftp       NAT FTP gateway
  rcmd      NAT gateways of rexec, rlogin and rsh
  sip       NAT SIP gateway
  tftp      NAT TFTP gateway
  <cr>
Router#debug ip nat FTP
IP NAT FTP debugging is on
Router#debug ip nat rcmd
IP NAT RCMD debugging is on
Router#debug ip nat
IP NAT debugging is on
Router#show debugging
Generic IP:
  IP NAT debugging is on
  IP NAT FTP debugging is on
  IP NAT RCMD debugging is on
Router#no debug ip nat ftp
IP NAT FTP debugging is off
Router#undebug ip nat rcmd
IP NAT RCMD debugging is off
Router#show debugging
Generic IP:
  IP NAT debugging is on
Router#debug ip nat dns
IP NAT DNS debugging is on
Router#undebug all
All possible debugging has been turned off
Router#show debugging
Router#disable
Router>show platform hardware qfp active feature alg statistics dns clear
                                                                    ^
% Invalid input detected at '^' marker.

Router>debug ip nat ftp
        ^
% Invalid input detected at '^' marker.

Router>show ip nat alg sip ?
  calls          Calls, and whether both sides hear each other
  registrations  Inside endpoints that can be called
  |              Output modifiers
  <cr>
Router>show ip nat alg sip calls
Total number of calls: 0
Router>show ip nat alg sip calls detail
Total number of calls: 0
Router>show ip nat alg sip registrations
Total number of registrations: 0
